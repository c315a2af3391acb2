# SPDX-License-Identifier: Apache-2.0
"""A page of a large inventory, against the same page of a small one.

One database of MariaDB holds 2 pod managers of 500 systems, another 200 of
them. Pages of 100 systems, filtered and sorted, are asked of the API, without
sockets, of the one and the other in turns.

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

from valence import cmd  # noqa: F401 - chooses the threading backend
from valence import objects
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import fixtures

PODS, SYSTEMS, FEW = 200, 500, 2
ROUNDS = 40
SETTLE_SECONDS = 10
QUERIES = {
    'the first page': '',
    'of one pod manager': 'pod_manager=pod-1',
    'unwell, 10 %': 'health=warning',
    'well, 89 %': 'health=ok',
    'free, by memory': 'free=true&sort_key=memory_mib',
    'free, the largest': 'free=true&sort_key=cpu_cores&sort_dir=desc',
    'with so much memory': 'memory_mib=gte:65536&sort_key=memory_mib',
    'not well': 'health=ne:ok&sort_key=name',
    'switched on': 'power_state=on&sort_dir=desc',
}
# About what a pod manager tells of a system.
_WORDS = {'Oem': 'x' * 1200}


@db.transaction
def fill(tx: db.Transaction, number: int) -> None:
    """Add a pod manager and its systems."""
    chance = random.Random(number)
    podm = tx.create(
        models.PodManager,
        **objects.PodManager.defaults(),
        name=f'pod-{number}',
        url=f'http://pod-{number}',
    )
    tx.create_many(
        models.System, (system(podm, chance, n) for n in range(SYSTEMS))
    )


def system(podm: str, chance: random.Random, number: int) -> dict[str, Any]:
    """A row."""
    health = chance.choices(('ok', 'warning', 'critical'), (89, 10, 1))[0]
    return {
        'podm_uuid': podm,
        'name': f'system-{chance.randrange(10**6)}',
        'model': chance.choice('ABCDE'),
        'serial_number': uuidutils.generate_uuid(),
        'hardware_uuid': uuidutils.generate_uuid(),
        'state': chance.choice(('free', 'used')),
        'health': health,
        'resource_uri': f'/redfish/v1/Systems/{number}',
        'uri_hash': uuidutils.generate_uuid(),
        'properties': _WORDS,
        'seen_at': timeutils.utcnow(),
        'stale': False,
        'missed_syncs': 0,
        'cpu_sockets': 2,
        'cpu_cores': chance.choice((16, 32, 64)),
        'cpu_threads': 64,
        'memory_mib': 2 ** chance.randrange(14, 20),
        'storage_gib': chance.randrange(4000),
        'drives': [],
        'nics': [{'mac': '00:00:00:00:00:00', 'speed_mbps': 10000}],
        'power_state': chance.choice(('on', 'off')),
        'zones': [],
    }


class Inventory:
    """A database with some pod managers, among others."""

    def __init__(self, stack: contextlib.ExitStack, pods: int) -> None:
        stack.enter_context(fixtures.Database('mysql'))
        self._engine = engine.get_engine()
        for number in range(pods):
            fill(number)
        with engine.begin() as connection:
            connection.exec_driver_sql('ANALYZE TABLE systems')

    def get(self, client: Any, path: str) -> tuple[float, dict[str, Any]]:
        """Ask the API that works on it; the milliseconds, and the answer."""
        with mock.patch.object(engine, 'get_engine', lambda: self._engine):
            begun = time.perf_counter()
            body = client.get(path)
            return 1000 * (time.perf_counter() - begun), body


def compare(
    client: Any, inventories: list[Inventory], words: str
) -> Iterator[list[float]]:
    """The milliseconds of a page in each, and of the page after it.

    They take turns, so that what disturbs one disturbs the other, too.
    """
    paths = [f'/v1/systems?limit=100&{words}'] * len(inventories)
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
    """Fill two, and measure both."""
    pods = int(sys.argv[1]) if len(sys.argv) > 1 else PODS
    times = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Keys())
        inventories = [Inventory(stack, count) for count in (FEW, pods)]
        time.sleep(SETTLE_SECONDS)
        client = fixtures.Client()
        for name, words in QUERIES.items():
            found = itertools.islice(compare(client, inventories, words), 2)
            for title, pair in zip(
                (name, f'{name}, next'), found, strict=False
            ):
                times[title] = pair
    few, many = FEW * SYSTEMS, pods * SYSTEMS
    print(f'milliseconds for 100 of {few} and of {many} systems:')
    small = {name: pair[0] for name, pair in times.items()}
    large = {name: pair[1] for name, pair in times.items()}
    ratios = {name: large[name] / small[name] for name in small}
    for name, ratio in ratios.items():
        print(
            f'{name:28} {small[name]:6.1f} {large[name]:6.1f}   {ratio:.2f} x'
        )
    print(
        f'median {statistics.median(ratios.values()):.2f} x, '
        f'worst {max(ratios.values()):.2f} x'
    )


if __name__ == '__main__':
    main()
