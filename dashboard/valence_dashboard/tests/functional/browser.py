# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that looks at the pages as people do."""

import functools
import pathlib
import re
import shutil
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

PATIENCE = 120  # seconds
WIDTHS = (1280, 1920)
SCREENSHOTS = pathlib.Path(__file__).parents[3] / 'build' / 'screenshots'
_NEEDED = ('chromium', 'chromedriver', 'npm', 'valence', 'valence-simulator')
_AXE = processes.CACHE / 'axe'
# Horizon's own: its head, its menu, and the way it draws check boxes.
_NOT_OURS = ('.topbar', '#sidebar', '.page-breadcrumb', '.messages', '#footer')
_EXPECTED = r'favicon|(row_update|/live/).* 404'
_FINDINGS = """
    const done = arguments[arguments.length - 1];
    axe.run({exclude: arguments[0].map((one) => [one])}).then((found) => done(
        found.violations
            .filter((one) => ['serious', 'critical'].includes(one.impact))
            .map((one) => one.id + ': ' + one.nodes.map(
                (node) => node.html).join(' | '))));
"""


def missing() -> list[str]:
    """What has to be installed before a browser can look at anything."""
    return [name for name in _NEEDED if processes.command(name) is None]


@functools.cache
def _axe() -> str:
    """The accessibility checker, as a script."""
    path = _AXE / 'node_modules' / 'axe-core' / 'axe.min.js'
    if not path.exists():
        processes.run(
            *('npm', 'install', '--silent', '--no-audit', '--no-fund'),
            *('--prefix', _AXE, 'axe-core@4'),
        )
    return path.read_text()


class Browser:
    """A window, and somebody who is logged in."""

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
        self.driver.set_script_timeout(PATIENCE)
        self.driver.set_page_load_timeout(PATIENCE)
        self.resize(width)

    def close(self) -> None:
        """Close the window, and all that belongs to it."""
        self.driver.quit()

    def resize(self, width: int, height: int = 900) -> None:
        """Make the window as wide as this, inside."""
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
        """Log in, as anybody would."""
        self.go('/auth/login/')
        self.type(username=user, password=processes.PASSWORD)
        self.click('#loginBtn')
        self.wait(lambda: '/auth/login' not in self.driver.current_url)

    def go(self, path: str) -> None:
        """Go to a page of Horizon."""
        self.driver.get(self._url + path)

    def find(self, selector: str) -> list[WebElement]:
        """What is in the page, by its CSS selector."""
        found: list[WebElement] = self.driver.find_elements(
            By.CSS_SELECTOR, selector
        )
        return found

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Wait until something is so; what it gave.

        What vanishes from the page meanwhile is looked for again.
        """
        end = time.monotonic() + PATIENCE
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
                    f'It never came on {self.driver.current_url}: '
                    f'{self.text()}'
                )
            time.sleep(0.1)

    def click(self, selector: str) -> None:
        """Click on something as soon as it is there to be clicked on."""

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
        """Type into fields by their names."""
        for name, value in values.items():
            element = self.wait(
                lambda name=name: [
                    one for one in self.find(f'#id_{name}') if one.is_enabled()
                ]
            )[0]
            element.clear()
            element.send_keys(value)

    def choose(self, name: str, text: str) -> None:
        """Choose of a list by what is shown."""
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
        """What can be read there."""
        return '\n'.join(
            self.driver.execute_script(
                'return Array.from(document.querySelectorAll(arguments[0]))'
                '.map((one) => one.innerText)',
                selector,
            )
        )

    def read(self, text: str, selector: str = 'body') -> None:
        """Wait until a text can be read there."""
        self.wait(lambda: text in self.text(selector))

    def act(self, row: str, action: str) -> None:
        """Choose an action of the row of a table that has a text.

        Without one, it is an action of what the page is about.
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
        """Say yes to the question whether it is meant."""
        self.click('.modal.in .btn-primary, .modal.in .btn-danger')

    def serious(self) -> list[str]:
        """What makes the page hard to use for some."""
        self.driver.execute_script(_axe())
        found: list[str] = self.driver.execute_async_script(
            _FINDINGS, [one for one in _NOT_OURS if self.find(one)]
        )
        return found

    def too_wide(self) -> bool:
        """Whether one would have to scroll to the side."""
        return bool(
            self.driver.execute_script(
                'return document.documentElement.scrollWidth'
                ' > window.innerWidth'
            )
        )

    def errors(self) -> list[str]:
        """What scripts have complained of since it was asked last.

        What has gone is told by a 404 to the row that showed it.
        """
        return [
            entry['message']
            for entry in self.driver.get_log('browser')
            if not re.search(_EXPECTED, entry['message'])
        ]

    def screenshot(self, name: str) -> pathlib.Path:
        """Keep how the whole page looks."""
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
