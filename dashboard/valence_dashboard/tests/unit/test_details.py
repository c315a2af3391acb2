# SPDX-License-Identifier: Apache-2.0
import re
from unittest import mock

import testtools
from django.template import defaultfilters
from django.template import loader
from django.utils import html as django_html
from horizon.utils import escape

from valence_dashboard import fields


class Details(testtools.TestCase):
    """The page of a resource shows its name, and repeats it for dialogs."""

    def render(self, name):
        # Horizon has already loaded the filters when it replaces escape.
        (original,) = escape.escape.__defaults__
        with mock.patch.object(defaultfilters, 'escape', original):
            return loader.render_to_string(
                'valence/_details.html',
                {'details': fields.details('Flavor', {'name': name})},
            )

    def test_angular_does_not_run_the_name(self):
        # AngularJS compiles the page, and its attributes.
        self.assertNotIn('{$', self.render('{$ a.b $}'))

    def test_the_name_is_escaped_for_the_script_of_dialogs(self):
        (found,) = re.findall(
            'data-display="([^"]*)"', self.render('<script>"x"</script>')
        )
        self.assertEqual(
            django_html.escape('<script>"x"</script>'),
            found.replace('&amp;', '&'),
        )
