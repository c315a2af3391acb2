# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium."""

import functools
import pathlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.common import exceptions
from selenium.webdriver.chrome import options
from selenium.webdriver.chrome import service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from valence_dashboard.tests.functional import processes

TIMEOUT = 120  # seconds
WIDTHS = (1280, 1920)
TELEPHONE = 400  # the width of its window
SCREENSHOTS = pathlib.Path(__file__).parents[3] / 'build' / 'screenshots'
_NEEDED = ('chromium', 'chromedriver', 'npm', 'valence', 'valence-simulator')
_AXE = processes.CACHE / 'axe.min.js'
# Parts of Horizon: header, menu, and its style of check boxes; its releases
# before 26 leave links disabled after a refused dialog.
_EXCLUDED = (
    '.topbar',
    '#sidebar',
    '.page-breadcrumb',
    '.messages',
    '#footer',
    'a[disabled]',
)
_EXPECTED = r'favicon|/[0-9a-f-]{36}/.* 404'
_RUN_AXE = """
    const done = arguments[arguments.length - 1];
    const only = arguments[1].length ? {runOnly: arguments[1]} : {};
    const where = {exclude: arguments[0].map((one) => [one])};
    axe.run(where, only).then((found) => done(
        found.violations
            .filter((one) => ['serious', 'critical'].includes(one.impact))
            .map((one) => one.id + ': ' + one.nodes.map(
                (node) => node.html).join(' | '))));
"""


def missing() -> list[str]:
    """Return the required commands that are not installed."""
    return [name for name in _NEEDED if processes.command(name) is None]


@functools.cache
def _axe() -> str:
    """Return the script of the accessibility checker.

    Several workers may need it at once, and npm may be killed.
    """
    if not _AXE.exists():
        processes.CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=processes.CACHE) as place:
            processes.run(
                *('npm', 'install', '--silent', '--no-audit', '--no-fund'),
                *('--prefix', place, 'axe-core@4'),
            )
            script = pathlib.Path(place, 'node_modules/axe-core/axe.min.js')
            script.replace(_AXE)
    return _AXE.read_text()


class Browser:
    """A browser window."""

    def __init__(self, url: str, width: int = WIDTHS[0]) -> None:
        self._url = url
        chosen = options.Options()
        chosen.binary_location = str(shutil.which('chromium'))
        for argument in (
            '--headless=new',
            '--no-sandbox',
            '--disable-gpu',
            '--disable-dev-shm-usage',
            '--disable-background-networking',
            '--disable-component-update',
            '--force-device-scale-factor=1',
        ):
            chosen.add_argument(argument)
        chosen.set_capability('goog:loggingPrefs', {'browser': 'SEVERE'})
        self.driver = webdriver.Chrome(
            options=chosen,
            service=service.Service(str(shutil.which('chromedriver'))),
        )
        self.driver.set_script_timeout(TIMEOUT)
        self.driver.set_page_load_timeout(TIMEOUT)
        self.resize(width)

    def close(self) -> None:
        """Close the window and its processes."""
        self.driver.quit()

    def resize(self, width: int, height: int = 900) -> None:
        """Set the inner size of the window."""
        self.driver.execute_cdp_cmd(
            'Emulation.setDeviceMetricsOverride',
            {
                'width': width,
                'height': height,
                'deviceScaleFactor': 1,
                'mobile': False,
            },
        )
        self._width = width

    def log_in(self, user: str) -> None:
        """Log in with the login form."""
        self.go('/auth/login/')
        self.type(username=user, password=processes.PASSWORD)
        self.click('#loginBtn')
        self.wait(lambda: '/auth/login' not in self.driver.current_url)

    def use_theme(self, name: str) -> None:
        """Choose a theme of Horizon for the pages that follow."""
        self.driver.add_cookie({'name': 'theme', 'value': name})

    def go(self, path: str) -> None:
        """Open a page of Horizon."""
        self.driver.get(self._url + path)

    def find(self, selector: str) -> list[WebElement]:
        """Return the elements of a CSS selector."""
        found: list[WebElement] = self.driver.find_elements(
            By.CSS_SELECTOR, selector
        )
        return found

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Wait until a condition is true; return its value.

        Elements that disappear meanwhile are looked up again.
        """
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                found = condition()
            except (
                exceptions.StaleElementReferenceException,
                exceptions.ElementNotInteractableException,
                exceptions.ElementClickInterceptedException,
            ):
                found = None
            if found:
                return found
            if time.monotonic() > end:
                self.screenshot('failure')
                raise AssertionError(
                    f'timed out on {self.driver.current_url}: {self.text()}'
                )
            time.sleep(0.1)

    def click(self, selector: str) -> None:
        """Click on an element when it is visible."""

        def clicked() -> bool:
            for element in self.find(selector):
                if element.is_displayed():
                    element.click()
                    return True
            return False

        self.wait(clicked)

    def follow(self, text: str) -> None:
        """Click on a link by its text."""

        def clicked() -> bool:
            for element in self.driver.find_elements(By.LINK_TEXT, text):
                if element.is_displayed():
                    element.click()
                    return True
            return False

        self.wait(clicked)

    def type(self, **values: str) -> None:
        """Type into fields, given by name."""
        for name, value in values.items():
            element = self.wait(
                lambda name=name: [
                    one for one in self.find(f'#id_{name}') if one.is_enabled()
                ]
            )[0]
            element.clear()
            element.send_keys(value)

    def type_into(self, selector: str, *keys: str) -> None:
        """Press keys in an element."""
        self.find(selector)[0].send_keys(*keys)

    def choose(self, name: str, text: str) -> None:
        """Select an option by its label."""
        self.wait(lambda: self.find(f'#id_{name} option'))
        self.driver.execute_script(
            """
            const list = document.getElementById('id_' + arguments[0]);
            list.value = Array.from(list.options).find(
                (one) => one.text.trim().startsWith(arguments[1])).value;
            $(list).trigger('change');
            list.dispatchEvent(new Event('change', {bubbles: true}));
            """,
            name,
            text,
        )

    def text(self, selector: str = 'body') -> str:
        """Return the visible text of elements."""
        return '\n'.join(
            self.driver.execute_script(
                'return Array.from(document.querySelectorAll(arguments[0]))'
                '.map((one) => one.innerText)',
                selector,
            )
        )

    def read(self, text: str, selector: str = 'body') -> None:
        """Wait until a text is visible."""
        self.wait(lambda: text in self.text(selector))

    def act(self, row: str, action: str) -> None:
        """Select an action of the table row with a text.

        If the text is empty, select an action of the page.
        """
        selector = 'tr[data-object-id]' if row else '.detail-actions-form'
        self.wait(
            lambda: self.driver.execute_script(
                """
                const row = Array.from(document.querySelectorAll(arguments[0]))
                    .find((one) => one.innerText.includes(arguments[1]));
                const found = row && row.querySelector(
                    `[id$="action_${arguments[2]}"]`);
                if (found) found.click();
                return Boolean(found);
                """,
                selector,
                row,
                action,
            )
        )

    def confirm(self) -> None:
        """Confirm the action in the dialog."""
        self.click('.modal.in .btn-primary, .modal.in .btn-danger')

    def accessibility_problems(self, *rules: str) -> list[str]:
        """Return the serious accessibility problems of the page.

        :param rules: the rules to check; default: all.
        """
        self.driver.execute_script(_axe())
        found: list[str] = self.driver.execute_async_script(
            _RUN_AXE, [one for one in _EXCLUDED if self.find(one)], rules
        )
        return found

    def too_wide(self) -> bool:
        """Return whether the page needs horizontal scrolling."""
        return bool(
            self.driver.execute_script(
                'return document.documentElement.scrollWidth'
                ' > window.innerWidth'
            )
        )

    def errors(self) -> list[str]:
        """Return the errors in the console since the last call.

        The open page of a deleted resource returns 404, which is expected.
        """
        return [
            entry['message']
            for entry in self.driver.get_log('browser')
            if not re.search(_EXPECTED, entry['message'])
        ]

    def screenshot(self, name: str) -> pathlib.Path:
        """Save a screenshot of the whole page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        height = self.driver.execute_script(
            'return document.documentElement.scrollHeight'
        )
        width = self._width
        self.resize(width, max(600, min(height, 4000)))
        path = SCREENSHOTS / f'{name}-{width}.png'
        self.driver.save_screenshot(str(path))
        self.resize(width)
        return path
