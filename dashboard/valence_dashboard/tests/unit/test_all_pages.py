# SPDX-License-Identifier: Apache-2.0
"""Every page that needs no resource can be opened, whatever there is."""

from django import urls

from valence_dashboard.tests.unit import fakes


def _paths(resolver=None, begin=''):
    """The paths of all views of this package that have no arguments."""
    for pattern in (resolver or urls.get_resolver()).url_patterns:
        path = begin + str(pattern.pattern).lstrip('^').removesuffix('$')
        if '<' in path:
            continue
        if isinstance(pattern, urls.URLResolver):
            yield from _paths(pattern, path)
            continue
        view = getattr(pattern.callback, 'view_class', None)
        module = getattr(view, '__module__', '')
        if module.startswith('valence_dashboard.'):
            yield f'/{path}'


class TestAllPages(fakes.TestCase):
    def test_there_is_nothing(self):
        self.answers['flavors/choices'] = {'choices': {}}
        self.answers['capacity'] = {'capacity': {}}
        paths = sorted(set(_paths()))
        self.assertIn('/project/nodes/compose/', paths)
        self.assertIn('/admin/topology/', paths)
        for path in paths:
            with self.subTest(path):
                answer = self.client.get(path)
                self.assertIn(answer.status_code, (200, 302, 405), path)

    def test_valence_fails(self):
        self.failing = 503
        for path in sorted(set(_paths())):
            with self.subTest(path):
                answer = self.client.get(path)
                known = (200, 302, 405, 503)
                self.assertIn(answer.status_code, known, path)


class TestTopologyData(fakes.TestCase):
    def test_errors_are_no_html(self):
        path = urls.reverse(
            'horizon:admin:topology:data', args=['<img src=x>']
        )
        for status in (404, 503):
            self.failing = status
            answer = self.client.get(path)
            self.assertEqual(status, answer.status_code)
            self.assertEqual('text/plain', answer.headers['Content-Type'])


class TestMenu(fakes.TestCase):
    def test_the_first_panels(self):
        page = self.page('/admin/search/')
        order = [
            page.index(f'href="/admin/{name}/"')
            for name in ('summary', 'search', 'pod_managers')
        ]
        self.assertEqual(sorted(order), order)
