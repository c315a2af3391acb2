# SPDX-License-Identifier: Apache-2.0
import testtools
from django import template
from django.template import loader

_LIMIT = {'resource': 'cores', 'limit': 8, 'used': 6}


class Preview(testtools.TestCase):
    def render(self, *quota):
        preview = {'candidates': [{'pod_manager': 'pod'}], 'quota': quota}
        text = loader.render_to_string(
            'valence/_preview.html', {'preview': preview}
        )
        return ' '.join(template.defaultfilters.striptags(text).split())

    def test_limits_that_are_too_low(self):
        self.assertEqual(
            'The limits of the project are too low for the node. '
            'cores: the limit is 8, 6 in use (2 missing)',
            self.render({**_LIMIT, 'missing': 2}),
        )
        # How large the hardware is, is not shown.
        self.assertIn('6 in use', self.render({**_LIMIT, 'missing': None}))

    def test_within_the_limits(self):
        self.assertIn('would be composed on pod', self.render())
