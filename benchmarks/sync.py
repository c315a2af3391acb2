# SPDX-License-Identifier: Apache-2.0
"""Reading the whole inventory of a pod, against others who read the same.

A simulated pod answers every request after 20 ms. It is read by

* ``sushy``, the Redfish library of OpenStack, one system after another (fewer
  systems, since it takes that long; what counts is the time a system),
* ``pool``, a bare pool of threads with ``requests`` that gets the same URLs as
  Valence and does nothing with them,
* ``valence``, rows written to SQLite included, then once more unchanged,
* ``valence-expand``, the same where the pod offers $expand.

    python -m benchmarks.sync [systems]
"""

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from concurrent import futures
from typing import Any

import requests

from benchmarks import common

SYSTEMS = 1000
SUSHY_SYSTEMS = 40
LATENCY_MS = 20
THREADS = 32
ROUNDS = 1
CONTENDERS = ['sushy', 'pool', 'valence', 'valence-expand']
_LOGIN = {'UserName': 'u', 'Password': 'p'}


class Pod:
    """A simulated pod in a process of its own."""

    def __init__(self, systems: int, expand: bool) -> None:
        self._process = subprocess.Popen(
            [
                'valence-simulator',
                *('--personality', 'rsd', '--port', '0'),
                *('--systems', str(systems), '--seed', '1'),
                *('--latency-ms', str(LATENCY_MS)),
                *('--username', 'u', '--password', 'p'),
                *(() if expand else ('--no-expand',)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        self.url = re.search(r'http://[^/]+', line)[0]  # type: ignore[index]

    def requests(self) -> list[str]:
        """The paths that were got, as often as they were."""
        seen = requests.get(f'{self.url}/_simulator/requests', timeout=60)
        return [
            entry['path']
            for entry in seen.json()
            for _ in range(entry['count'])
            if entry['method'] == 'GET'
        ]

    def __enter__(self) -> 'Pod':
        return self

    def __exit__(self, *exc: Any) -> None:
        self._process.terminate()
        self._process.wait()


def sushy(pod: Pod) -> dict[str, float]:
    """Read with sushy what Valence's inventory holds of each system."""
    import sushy as library

    begun = time.monotonic()
    service = library.Sushy(f'{pod.url}/redfish/v1', 'u', 'p', verify=False)
    for system in service.get_system_collection().get_members():
        _ = system.memory_summary, system.power_state, system.uuid
        for processor in system.processors.get_members():
            _ = processor.total_cores
        for nic in system.ethernet_interfaces.get_members():
            _ = nic.mac_address
        for storage in system.storage.get_members():
            _ = [drive.capacity_bytes for drive in storage.drives]
    spent = time.monotonic() - begun
    return {'seconds': spent, 'gets': len(pod.requests())}


def pool(pod: Pod) -> dict[str, float]:
    """Get what Valence gets, with nothing but threads and requests."""
    paths = list(dict.fromkeys(_discover(pod)[1]))
    session = requests.Session()
    session.trust_env = False
    session.mount(
        'http://', requests.adapters.HTTPAdapter(pool_maxsize=THREADS)
    )
    login = session.post(
        f'{pod.url}/redfish/v1/SessionService/Sessions',
        json=_LOGIN,
        timeout=60,
    )
    token = {'X-Auth-Token': login.headers['X-Auth-Token']}

    def get(path: str) -> Any:
        answer = session.get(pod.url + path, headers=token, timeout=60)
        return answer.json()

    begun = time.monotonic()
    with futures.ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(get, paths))
    spent = time.monotonic() - begun
    return {'seconds': spent, 'gets': len(paths)}


def _discover(pod: Pod) -> tuple[Any, list[str]]:
    """What Valence sees, and which paths it got."""
    from valence.podmanagers import base
    from valence.podmanagers import rsd

    driver = rsd.RSD(base.Connection(pod.url, 'u', 'p'))
    seen = driver.discover(base.Deadline(900))
    return seen, pod.requests()


def valence(pod: Pod) -> dict[str, float]:
    """Read and store, and read and store again."""
    first = time.monotonic()
    seen, paths = _discover(pod)
    from oslo_config import cfg

    from valence import objects
    from valence.conductor import inventory
    from valence.db import api as db
    from valence.db import migration
    from valence.db.sqlalchemy import models

    read = time.monotonic()
    directory = tempfile.mkdtemp(prefix='valence-benchmark-')
    cfg.CONF.set_override('state_path', directory)
    migration.sync()
    podm = db.create(
        models.PodManager,
        **objects.PodManager.defaults(),
        name='pod',
        url=pod.url,
    )
    store = db.transaction(inventory.write)
    begun = time.monotonic()
    store(podm, seen)
    stored = time.monotonic()
    again = store(podm, _discover(pod)[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        'seconds': read - first + stored - begun,
        'gets': len(paths),
        'rows_written_again': sum(again.values()),
        'peak_mb': peak,
    }


def run(contender: str, systems: int) -> None:
    """Let one contender read, and print its figures for one system."""
    from oslo_config import cfg

    from valence import cmd  # noqa: F401 - chooses the threading backend
    from valence.common import service

    service.prepare(['--config-file', '/dev/null'])
    cfg.CONF.set_override('parallel', THREADS, group='redfish')
    read = {'sushy': sushy, 'pool': pool}.get(contender, valence)
    systems = SUSHY_SYSTEMS if contender == 'sushy' else systems
    with Pod(systems, expand=contender.endswith('expand')) as pod:
        figures = read(pod)
    figures['ms_a_system'] = 1000 * figures['seconds'] / systems
    figures['gets_a_system'] = figures['gets'] / systems
    print(json.dumps(figures))


def main() -> None:
    """Let the contenders take turns, and print the ratios."""
    if len(sys.argv) > 2:
        run(sys.argv[1], int(sys.argv[2]))
        return
    systems = int(sys.argv[1]) if len(sys.argv) > 1 else SYSTEMS
    results = common.take_turns(
        'benchmarks.sync', CONTENDERS, ROUNDS, str(systems)
    )
    print(f'{systems} systems, {LATENCY_MS} ms an answer:')
    common.report(results, 'ms_a_system', 'ms a system', against='sushy')
    common.report(results, 'ms_a_system', 'ms a system', against='pool')
    common.report(results, 'gets_a_system', 'GETs a system', against='valence')
    for contender in ('valence', 'valence-expand'):
        last = results[contender][-1]
        print(
            f'{contender}: {last["rows_written_again"]:.0f} rows written by '
            f'a second reading, peak {last["peak_mb"]:.0f} MB'
        )


if __name__ == '__main__':
    main()
