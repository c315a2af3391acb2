# SPDX-License-Identifier: Apache-2.0
"""A page of a large inventory, against the same page of a small one.

MariaDB holds 2 pod managers of 500 systems, then 200 of them. Each time pages
of 100 systems, filtered and sorted, are asked of the API, without sockets.

    python -m benchmarks.pages [pod managers]
"""

import random
import statistics
import sys
import time
from typing import Any

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
def fill(tx: db.Transaction, numbers: range) -> None:
    """Add pod managers and their systems."""
    chance = random.Random(numbers.start)
    for number in numbers:
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


def measure(client: Any) -> dict[str, float]:
    """The milliseconds of each page, and of the page after it."""
    with engine.begin() as connection:
        connection.exec_driver_sql('ANALYZE TABLE systems')
    result = {}
    for name, words in QUERIES.items():
        path = f'/v1/systems?limit=100&{words}'
        for title in (name, f'{name}, next'):
            spent = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                body = client.get(path)
                spent.append(time.perf_counter() - begun)
            if len(body['systems']) == 100:
                result[title] = 1000 * statistics.median(spent)
            path = body.get('next', path)
    return result


def main() -> None:
    """Fill, measure, fill more, measure again."""
    pods = int(sys.argv[1]) if len(sys.argv) > 1 else PODS
    with fixtures.Conf(), fixtures.Database('mysql'), fixtures.Keys():
        client = fixtures.Client()
        fill(range(FEW))
        measure(client)
        small = measure(client)
        begun = time.monotonic()
        for number in range(FEW, pods):
            fill(range(number, number + 1))
        spent = time.monotonic() - begun
        large = measure(client)
    few, many = FEW * SYSTEMS, pods * SYSTEMS
    print(
        f'{many - few} rows written in {spent:.0f} s; milliseconds for 100 of '
        f'{few} and of {many} systems:'
    )
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
