# SPDX-License-Identifier: Apache-2.0
"""Hostile texts in every field of every resource, on every page."""

import pathlib

from valence_dashboard.admin.summary import views as summary
from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional import stack
from valence_dashboard.tests.functional.base import composable

_SCRIPT = pathlib.Path(__file__).with_name('hostile.js').read_text()
_TIMEOUT = 900  # seconds, for more than a hundred requests
_COLLECTIONS = (
    *('nodes', 'operations', 'systems', 'chassis', 'devices', 'storages'),
    *('findings', 'holds', 'conditions'),
)
# The forms that show no text of others.
_BLANK = ('accept', 'adopt', 'create', 'grant', 'power', 'register')
_BLANK += ('expect', 'publish', 'set', 'snapshot', 'tags', 'unset')
# These show only numbers, nothing without a text, and the devices that are in
# a zone of the node.
_BLANK += ('summary', 'search', 'attach')
# The lists of what the summary counts may be empty.
_COUNTED = {
    one.url for one in (*summary.COUNTS, summary.FAILED) if one.filters
}
_CRAWL = """
    const [starts, first, done] = arguments;
    crawl(starts, first).then((pages) => {
        window.pages = pages;
        done(pages.map(({kind, shown, problems}) => [kind, shown, problems]));
    }).catch((error) => done([[String(error.stack), true, ['failed']]]));
"""
_SUBMIT = """
    const [first, done] = arguments;
    submit(pages, first).then((answers) => done(answers.map(
        ({kind, shown, problems}) => [kind, shown, problems]
    ))).catch((error) => done([[String(error.stack), true, ['failed']]]));
"""
# The forms in dialogs, one at a time, of the row of a resource.
_DIALOGS = """
    return $(`tr[data-object-id="${arguments[0]}"] a.ajax-modal`).map(
        function () { return this.id; }).get();
"""


class Hostile(base.TestCase):
    """Another Valence at the same URL, in which every text is hostile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.services = stack.stack()
        cls.services.valence.stop()
        cls.addClassCleanup(cls.services.valence.start)

    def setUp(self):
        super().setUp()
        # Of its own for each test: what is submitted also deletes.
        project = self.services.cloud('admin').current_project_id
        other = processes.hostile(self.services.port, project)
        self.addCleanup(other.stop)
        self.window = self.open('admin')
        self.window.driver.execute_cdp_cmd(
            'Page.addScriptToEvaluateOnNewDocument', {'source': _SCRIPT}
        )
        self.window.driver.add_cookie(
            {'name': 'API_RESULT_PAGE_SIZE', 'value': '200'}
        )

    def worst(self):
        """Return the UUIDs of what has the text with everything, by kind."""
        client = composable()
        (pod,) = (
            one.id
            for one in client.pod_managers()
            if '<svg' in one.name and '<script' in one.name
        )
        found = {
            kind: [one.id for one in getattr(client, kind)(podm_uuid=pod)]
            for kind in _COLLECTIONS
        }
        (flavor,) = {one.flavor_uuid for one in client.nodes(podm_uuid=pod)}
        pools = [one.id for one in client.pools(flavor_uuid=flavor)]
        return {
            **found,
            **{'pod_managers': [pod], 'flavors': [flavor], 'pools': pools},
        }

    def assertHarmless(self, where):
        """Nothing ran or became an element since the last call."""
        self.assertEqual(
            [], self.window.driver.execute_script('return harm(document)')
        )
        self.assertEqual([], self.window.errors(), where)

    def test_scripts(self):
        """Nothing runs on a page, in its dialogs, and in its updates."""
        worst = self.worst()
        for panel in base.PANELS:
            self.window.go(panel)
            self.unfold(panel)
        for path in (
            f'/admin/topology/{worst["pod_managers"][0]}/',
            *(f'/project/nodes/{uuid}/' for uuid in worst['nodes']),
            f'/admin/pod_managers/{worst["pod_managers"][0]}/',
            f'/project/operations/{worst["operations"][0]}/',
        ):
            self.window.go(path)
            self.unfold(path)
            for tab in self.window.find('.nav-tabs a[data-loaded="false"]'):
                tab.click()
                self.window.wait(
                    lambda tab=tab: (
                        tab.get_attribute('data-loaded') == 'true'
                        and not self.window.find('.tab-loading')
                    )
                )
            self.unfold(path)
        for panel in ('nodes', 'flavors'):
            self.open_dialogs(f'/project/{panel}/', worst[panel][0])
        for panel in ('pod_managers', 'findings', 'conditions', 'pools'):
            self.open_dialogs(f'/admin/{panel}/', worst[panel][0])
        self.window.go(f'/project/nodes/compose/?flavor={worst["flavors"][0]}')
        self.window.wait(lambda: self.window.find('#valence-preview .alert'))
        self.assertHarmless('preview')

    def unfold(self, where):
        for text in self.window.driver.execute_script('return unfold()'):
            self.assertIn('Please confirm', text)
        self.assertHarmless(where)

    def open_dialogs(self, path, uuid):
        """Open all forms of a row."""
        self.window.go(path)
        for name in self.window.driver.execute_script(_DIALOGS, uuid):
            self.window.driver.execute_script(
                'document.getElementById(arguments[0]).click()', name
            )
            self.window.wait(lambda: self.window.find('.modal.in form'))
            self.assertHarmless(name)
            self.window.driver.execute_script(
                "$('.modal.in').modal('hide').remove()"
            )

    def run_script(self, script, *arguments):
        """Return the kinds of responses, and of those that show a text."""
        found = self.window.driver.execute_async_script(script, *arguments)
        self.assertEqual([], [one for *_page, bad in found for one in bad])
        return (
            {kind for kind, _shown, _problems in found},
            {kind for kind, shown, _problems in found if shown},
        )

    def test_requests(self):
        """All links, forms and actions respond, and escape what they show."""
        first = [uuid for some in self.worst().values() for uuid in some]
        self.window.driver.set_script_timeout(_TIMEOUT)
        self.window.go('/project/nodes/')
        kinds, shown = self.run_script(_CRAWL, base.PANELS, first)
        blank = {
            kind
            for kind in kinds - shown - _COUNTED
            if kind.partition('?')[0].rstrip('/').rpartition('/')[2]
            not in _BLANK
        }
        self.assertEqual(set(), blank)
        self.assertLess(40, len(shown))
        kinds, _shown = self.run_script(_SUBMIT, first)
        self.assertLess(30, len(kinds))
