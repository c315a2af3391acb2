# SPDX-License-Identifier: Apache-2.0
"""The preview beside the form, with an API that is slow."""

import threading
import time

from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional import scripts

_PATH = 'nodes/preview'
_CORES = 'processor__total_cores'
# What becomes of the requests of the page.
_RECORD = """
    window.signals = [];
    const send = window.fetch;
    window.fetch = (url, options) => {
        window.signals.push(options.signal);
        return send(url, options);
    };
"""
_ABORTED = 'return window.signals.map((one) => one.aborted)'


class PreviewScript(scripts.TestCase):
    """Each preview names the number of cores that it was asked for."""

    def setUp(self):
        super().setUp()
        self.answers['flavors/choices'] = {'choices': {}}
        self.held: dict[int, threading.Event] = {}
        self.previews: list[int] = []
        self.addCleanup(lambda: [one.set() for one in self.held.values()])

    def answer(self, proxy, url, method='GET', **options):
        if url.strip('/') != _PATH:
            return super().answer(proxy, url, method, **options)
        properties = options['json'].get('properties', {})
        cores = properties.get('processor', {}).get('total_cores', 0)
        self.previews.append(cores)
        if cores in self.held:
            self.held[cores].wait(browser.TIMEOUT)
        found = {'candidates': [{'pod_manager': f'cores-{cores}.'}]}
        return self.respond(_PATH, {**found, 'rejections': [], 'quota': []})

    def hold(self, *cores):
        """Keep the answers about these numbers of cores back."""
        self.held |= {one: threading.Event() for one in cores}

    def wait_for(self, cores):
        """Wait until a preview is requested."""
        processes.wait_for(lambda: cores in self.previews, 'the request')

    def show(self):
        """Open the form at the step with the hardware."""
        self.window.go('/project/nodes/compose/')
        self.window.driver.execute_script(_RECORD)
        self.reads(0)
        self.window.follow('Hardware')

    def reads(self, cores):
        """Wait until the preview shows an answer, and nothing else."""
        self.window.read(f'composed on cores-{cores}.', '#valence-preview')
        self.assertEqual('', self.window.text('.valence-working').strip())
        busy = self.window.find('#valence-preview[aria-busy="true"]')
        self.assertEqual([], busy)

    def works(self):
        """Wait until the page shows that it works, and no old answer."""
        self.window.read('Checking…', '.valence-working[role=status]')
        self.assertNotIn('cores-', self.window.text('#valence-preview'))
        self.assertTrue(
            self.window.find('#valence-preview[aria-live][aria-busy="true"]')
        )

    def test_answers_out_of_order(self):
        self.hold(4, 48)
        self.show()
        self.window.type(**{_CORES: '4'})
        self.works()
        self.wait_for(4)
        self.window.type_into(f'#id_{_CORES}', '8')
        self.wait_for(48)
        self.works()
        self.assertEqual([], self.window.accessibility_problems())
        # Only the last request is waited for.
        self.window.wait(
            lambda: (
                self.window.driver.execute_script(_ABORTED) == [True, False]
            )
        )
        self.held[48].set()
        self.reads(48)
        self.held[4].set()
        time.sleep(1)
        self.reads(48)

    def test_an_answer_to_a_form_that_has_changed(self):
        self.hold(4)
        self.show()
        self.window.type(**{_CORES: '4'})
        self.wait_for(4)
        # No event says so.
        self.window.driver.execute_script(
            f'document.getElementById("id_{_CORES}").value = 12'
        )
        self.held[4].set()
        self.reads(12)
        self.assertEqual([0, 4, 12], self.previews)

    def test_few_requests(self):
        self.show()
        self.window.type(**{_CORES: '123456'})
        self.reads(123456)
        self.assertLess(len(self.previews), 4)
        # A form that has not changed is not asked about again.
        count = len(self.previews)
        self.window.follow('Placement')
        time.sleep(1)
        self.reads(123456)
        self.assertEqual(count, len(self.previews))

    def test_few_requests_of_a_slow_server(self):
        self.hold(7)
        self.show()
        self.window.type(**{_CORES: '7'})
        self.wait_for(7)
        time.sleep(2)
        self.held[7].set()
        self.reads(7)
        begin = time.monotonic()
        for digit in '123':
            self.window.type_into(f'#id_{_CORES}', digit)
            time.sleep(0.6)
        self.reads(7123)
        self.assertGreater(time.monotonic() - begin, 2)
        self.assertEqual([0, 7, 7123], self.previews)

    def test_failures(self):
        self.show()
        self.block('*/project/nodes/preview/')
        self.addCleanup(self.block)
        self.window.type(**{_CORES: '5'})
        self.window.read('The preview failed.', '#valence-preview')
        self.assertNotIn('cores-', self.window.text('#valence-preview'))
        self.assertEqual([], self.window.accessibility_problems())
        self.block()
        self.window.click('[data-again]')
        self.reads(5)
