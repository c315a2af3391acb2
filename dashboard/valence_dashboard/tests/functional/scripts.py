# SPDX-License-Identifier: Apache-2.0
"""Scripts of pages in a browser, with an API that answers what a test says."""

import unittest

from django.contrib.staticfiles import handlers
from django.test import override_settings
from django.test import testcases

from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.unit import fakes

_MISSING = [name for name in browser.missing() if name.startswith('chrom')]
# Horizon has hundreds of scripts that these pages do not use.
_OTHERS = [f'*/static/{name}/*' for name in ('framework', 'app', 'dashboard')]


@unittest.skipIf(_MISSING, f'not installed: {", ".join(_MISSING)}')
@override_settings(ALLOWED_HOSTS=['localhost'])
class TestCase(fakes.TestCase):
    """Opens pages in one window, without any other service."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = testcases.LiveServerThread(
            'localhost', handlers.StaticFilesHandler
        )
        server.daemon = True
        server.start()
        cls.addClassCleanup(server.terminate)
        server.is_ready.wait()
        cls.window = browser.Browser(f'http://localhost:{server.port}')
        cls.addClassCleanup(cls.window.close)
        cls.window.driver.execute_cdp_cmd('Network.enable', {})
        cls.block()

    @classmethod
    def block(cls, *urls):
        """Have requests for some URLs fail."""
        cls.window.driver.execute_cdp_cmd(
            'Network.setBlockedURLs', {'urls': [*_OTHERS, *urls]}
        )
