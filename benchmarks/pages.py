# SPDX-License-Identifier: Apache-2.0
"""Cost of a page of a large inventory compared to a small one.

One MariaDB database contains 2 pod managers with 500 systems each, another one
200. Pages of 100 systems with filters and sort keys are requested in turns
from both, through the API without sockets.

    python -m benchmarks.pages [pod managers]
"""

import contextlib
import itertools
import random
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence import cmd  # noqa: F401 - selects the threading backend
from valence import objects
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import fixtures

PODS, SYSTEMS, SMALL = 200, 500, 2
ROUNDS = 40
SETTLE_SECONDS = 10
QUERIES = {
    'first page': '',
    'one pod manager': 'pod_manager=pod-1',
    'health warning, 10 %': 'health=warning',
    'health ok, 89 %': 'health=ok',
    'free, by memory': 'free=true&sort_key=memory_mib',
    'free, most cores': 'free=true&sort_key=cpu_cores&sort_dir=desc',
    'minimum memory': 'memory_mib=gte:65536&sort_key=memory_mib',
    'health not ok': 'health=ne:ok&sort_key=name',
    'powered on': 'power_state=on&sort_dir=desc',
}
# Vendor properties of a typical size.
_PROPERTIES = {'Oem': 'x' * 1200}


@db.transaction
def fill(tx: db.Transaction, number: int) -> None:
    """Add a pod manager and its systems."""
    rng = random.Random(number)
    podm = tx.create(
        models.PodManager,
        **objects.PodManager.defaults(),
        name=f'pod-{number}',
        url=f'http://pod-{number}',
    )
    tx.create_many(
        models.System, (system(podm, rng, n) for n in range(SYSTEMS))
    )


def system(podm: str, rng: random.Random, number: int) -> dict[str, Any]:
    """Return the values of a row."""
    health = rng.choices(('ok', 'warning', 'critical'), (89, 10, 1))[0]
    return {
        'podm_uuid': podm,
        'name': f'system-{rng.randrange(10**6)}',
        'model': rng.choice('ABCDE'),
        'serial_number': uuidutils.generate_uuid(),
        'hardware_uuid': uuidutils.generate_uuid(),
        'state': rng.choice(('free', 'used')),
        'health': health,
        'resource_uri': f'/redfish/v1/Systems/{number}',
        'uri_hash': uuidutils.generate_uuid(),
        'properties': _PROPERTIES,
        'seen_at': timeutils.utcnow(),
        'stale': False,
        'missed_syncs': 0,
        'cpu_sockets': 2,
        'cpu_cores': rng.choice((16, 32, 64)),
        'cpu_threads': 64,
        'memory_mib': 2 ** rng.randrange(14, 20),
        'storage_gib': rng.randrange(4000),
        'drives': [],
        'nics': [{'mac': '00:00:00:00:00:00', 'speed_mbps': 10000}],
        'power_state': rng.choice(('on', 'off')),
        'zones': [],
    }


class Inventory:
    """A database with a number of pod managers."""

    def __init__(self, stack: contextlib.ExitStack, pods: int) -> None:
        stack.enter_context(fixtures.Database('mysql'))
        self._engine = engine.get_engine()
        for number in range(pods):
            fill(number)
        with engine.begin() as connection:
            connection.exec_driver_sql('ANALYZE TABLE systems')

    def get(self, client: Any, path: str) -> tuple[float, dict[str, Any]]:
        """Request a page from the API; return milliseconds and body."""
        with mock.patch.object(engine, 'get_engine', lambda: self._engine):
            begun = time.perf_counter()
            body = client.get(path)
            return 1000 * (time.perf_counter() - begun), body


def compare(
    client: Any, inventories: list[Inventory], query: str
) -> Iterator[list[float]]:
    """Yield the milliseconds of a page and of the next, per inventory.

    They are measured in turns, so that disturbances affect all of them.
    """
    paths = [f'/v1/systems?limit=100&{query}'] * len(inventories)
    while True:
        spent: list[list[float]] = [[] for _ in inventories]
        bodies: list[dict[str, Any]] = [{} for _ in inventories]
        for _ in range(ROUNDS):
            for n, inventory in enumerate(inventories):
                took, bodies[n] = inventory.get(client, paths[n])
                spent[n].append(took)
        if any(len(body['systems']) < 100 for body in bodies):
            return
        yield [statistics.median(times) for times in spent]
        paths = [body.get('next', '') for body in bodies]
        if not all(paths):
            return


def main() -> None:
    """Fill both databases and compare them."""
    pods = int(sys.argv[1]) if len(sys.argv) > 1 else PODS
    times = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Keys())
        inventories = [Inventory(stack, count) for count in (SMALL, pods)]
        time.sleep(SETTLE_SECONDS)
        client = fixtures.Client()
        for name, query in QUERIES.items():
            found = itertools.islice(compare(client, inventories, query), 2)
            for title, pair in zip(
                (name, f'{name}, next page'), found, strict=False
            ):
                times[title] = pair
    small_size, large_size = SMALL * SYSTEMS, pods * SYSTEMS
    print(f'milliseconds for 100 of {small_size} and of {large_size} systems:')
    small = {name: pair[0] for name, pair in times.items()}
    large = {name: pair[1] for name, pair in times.items()}
    ratios = {name: large[name] / small[name] for name in small}
    for name, ratio in ratios.items():
        print(
            f'{name:31} {small[name]:6.1f} {large[name]:6.1f}   {ratio:.2f} x'
        )
    print(
        f'median {statistics.median(ratios.values()):.2f} x, '
        f'worst {max(ratios.values()):.2f} x'
    )


if __name__ == '__main__':
    main()
