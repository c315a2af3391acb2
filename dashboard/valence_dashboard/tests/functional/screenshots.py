# SPDX-License-Identifier: Apache-2.0
"""Make the screenshots of the documentation.

usage: python -m valence_dashboard.tests.functional.screenshots DIRECTORY

The services and pod managers are those of the tests. The pictures go to
``user/images`` and ``admin/images`` in the directory.
"""

import base64
import pathlib
import sys
from collections.abc import Callable

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser

WIDTH = 1280
_POD = 'rack-1'
# The content without the frame of Horizon and its messages.
_CONTENT = """
    document.querySelectorAll('.messages').forEach((one) => one.remove());
    document.activeElement.blur();
    scrollTo(0, 0);
    const shown = document.getElementById('content_body')
        .getBoundingClientRect();
    return {x: shown.x, y: shown.y, width: shown.width,
        height: Math.min(shown.height, arguments[0]), scale: 1};
"""


def prepare() -> None:
    """Register a pod manager, and compose nodes of the project demo."""
    base.register(_POD, 12)
    client = base.composable()
    client.create_flavor(
        name='general',
        properties={'processor': {'total_cores': {'min': 8}}},
        is_public=True,
    )
    members = base.composable('demo')
    started = [
        members.compose_node(name=name, flavor='general')
        for name in ('db-1', 'web-1', 'web-2')
    ]
    for one in started:
        client.wait_for_operation(one, interval=0.1)


class Pictures:
    """The pictures that one user sees.

    :param directory: where they are saved.
    :param user: whose window it is.
    """

    def __init__(self, directory: pathlib.Path, user: str) -> None:
        self._directory = directory
        self.window = browser.Browser(base.stack.stack().url, WIDTH)
        self.window.log_in(user)
        directory.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, path: str, text: str, height: int = 700) -> None:
        """Open a page and save the picture of it.

        :param text: what is shown when it is complete.
        :param height: the largest height of the picture.
        """
        self.window.go(path)
        self.window.read(text)
        self.save(name, height)

    def save(self, name: str, height: int = 700) -> None:
        """Save the picture of the page that is open."""
        driver = self.window.driver
        picture = driver.execute_cdp_cmd(
            'Page.captureScreenshot',
            {
                'clip': driver.execute_script(_CONTENT, height),
                'captureBeyondViewport': True,
            },
        )
        path = self._directory / f'{name}.png'
        path.write_bytes(base64.b64decode(picture['data']))


def of_a_member(pictures: Pictures) -> None:
    """Nodes, what fits and what does not, a node and its operation."""
    window = pictures.window
    pictures.take('nodes', '/project/nodes/', 'web-2', 400)
    window.go('/project/nodes/compose/')
    window.type(name='batch', count='2')
    window.follow('Hardware')
    window.type(processor__total_cores='16')
    window.read('The node would be composed on', '#valence-preview')
    pictures.save('compose')
    window.type(processor__total_cores='4000')
    window.read('Processor: Total cores', '.valence-shortage')
    pictures.save('why-not')
    node = base.composable().get_node('web-1')
    pictures.take('node', f'/project/nodes/{node.id}/', 'web-1')
    (operation,) = base.composable().operations(target_uuid=node.id)
    path = f'/project/operations/{operation.id}/'
    pictures.take('operation', path, 'Succeeded')


def of_an_administrator(pictures: Pictures) -> None:
    """The summary, the search, pod managers and the topology."""
    window = pictures.window
    pictures.take('summary', '/admin/summary/', 'Capacity', 900)
    pictures.take('search', '/admin/search/?q=web', 'web-2', 500)
    pictures.take('pod-managers', '/admin/pod_managers/', _POD)
    window.go('/admin/topology/')
    window.wait(lambda: window.find('.valence-rack'))
    pictures.save('topology', 800)


_ALL: dict[str, tuple[str, Callable[[Pictures], None]]] = {
    'user': ('demo', of_a_member),
    'admin': ('admin', of_an_administrator),
}


def main() -> None:
    """Make all of them."""
    directory = pathlib.Path(sys.argv[1])
    prepare()
    for part, (user, take) in _ALL.items():
        pictures = Pictures(directory / part / 'images', user)
        try:
            take(pictures)
        finally:
            pictures.window.close()


if __name__ == '__main__':
    main()
