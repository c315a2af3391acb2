# SPDX-License-Identifier: Apache-2.0
"""Weight and time of the pages of Horizon.

A real Horizon, Keystone and Valence have a pod manager with systems, of which
nodes are composed. Chromium opens each page several times without its cache:
the first column is the page itself, the second all that it loads with it, in
bytes as sent; then follow how long the answer took, and until all was shown.

    python -m benchmarks.horizon [systems [nodes]]
"""

import statistics
import sys
from typing import Any

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser

SYSTEMS, NODES = 200, 20
ROUNDS = 5
POD = 'measured'
PAGES = (
    *('/project/nodes/', '/project/nodes/compose/', '/project/flavors/'),
    *('/admin/summary/', f'/admin/search/?q={POD}', '/admin/nodes/'),
    *('/admin/systems/', '/admin/devices/', '/admin/operations/'),
    '/admin/topology/',
)
# Milliseconds and bytes of the page and of what it loaded.
_MEASURE = """
    const [page] = performance.getEntriesByType('navigation');
    if (!page.loadEventEnd) return null;
    const parts = performance.getEntriesByType('resource');
    return {
        bytes: page.encodedBodySize,
        others: parts.reduce((sum, one) => sum + one.encodedBodySize, 0),
        requests: parts.length,
        answer: page.responseEnd - page.requestStart,
        shown: page.loadEventEnd - page.requestStart,
    };
"""

# Milliseconds from the click on a link until so many systems are drawn.
_DRAWN = """
    const [count, done] = arguments;
    const look = () => {
        const drawn = document.querySelectorAll(
            '.valence-racks .valence-system').length;
        if (drawn < count) requestAnimationFrame(look);
        else done(performance.now());
    };
    look();
"""


def prepare(systems: int, nodes: int) -> str:
    """Register the pod manager, and compose the nodes; returns its UUID."""
    base.register(POD, systems, seconds=0.1)
    client = base.composable()
    started = [
        client.compose_node(name=f'node-{number}', pod_manager=POD)
        for number in range(nodes)
    ]
    for one in started:
        client.wait_for_operation(one, interval=0.1)
    return str(client.find_pod_manager(POD).id)


def measure(window: browser.Browser, path: str) -> dict[str, float]:
    """Return the medians of what was measured of a page."""
    found: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        window.go(path)
        found.append(
            window.wait(lambda: window.driver.execute_script(_MEASURE))
        )
    # The first one fills the caches of Horizon.
    del found[0]
    return {
        name: statistics.median(one[name] for one in found)
        for name in found[0]
    }


def draw(window: browser.Browser, path: str, systems: int) -> float:
    """Return the median of how long it took to draw the systems of a pod."""
    found = []
    for _ in range(ROUNDS):
        window.go(path)
        found.append(window.driver.execute_async_script(_DRAWN, systems))
    return statistics.median(found[1:])


def main() -> None:
    """Measure all pages."""
    systems, nodes, *_ = (*map(int, sys.argv[1:]), SYSTEMS, NODES)[:2]
    uuid = prepare(systems, nodes)
    window = browser.Browser(base.stack.stack().url)
    try:
        window.log_in('admin')
        window.driver.execute_cdp_cmd('Network.enable', {})
        window.driver.execute_cdp_cmd(
            'Network.setCacheDisabled', {'cacheDisabled': True}
        )
        print(f'{systems} systems, {nodes} nodes; medians of {ROUNDS - 1}:')
        print(f'{"":26} page KB others KB requests answer ms shown ms')
        for path in PAGES:
            one = measure(window, path)
            print(
                f'{path:26} {one["bytes"] / 1000:7.1f} '
                f'{one["others"] / 1000:9.1f} {one["requests"]:8.0f} '
                f'{one["answer"]:9.0f} {one["shown"]:8.0f}',
                flush=True,
            )
        drawn = draw(window, f'/admin/topology/{uuid}/', systems)
        print(
            f'The topology of {systems} systems is drawn after {drawn:.0f} ms'
        )
    finally:
        window.close()


if __name__ == '__main__':
    main()
