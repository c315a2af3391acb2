# SPDX-License-Identifier: Apache-2.0
"""Reading the inventory of a pod, compared to other clients.

A pod responds from memory, with a latency of 20 ms. The clients are

* ``sushy``, the Redfish library of OpenStack, one resource after the other (of
  fewer systems, because it is slow; the result is the time per system).
  Resources without a model in sushy are read through its connector, so that it
  reads everything that Valence reads,
* ``pool``, a thread pool with ``requests`` that reads the same URLs as Valence
  and discards the responses,
* ``valence``, including the writes to SQLite, then again without changes,
* ``valence-expand``, the same on a pod with $expand.

    python -m benchmarks.sync [systems [systems for sushy]]
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent import futures
from typing import Any

import requests

from benchmarks import common

SYSTEMS = 1000
SUSHY_SYSTEMS = 100
LATENCY_MS = 20
THREADS = 32
ROUNDS = 1
CONTENDERS = ['sushy', 'pool', 'valence', 'valence-expand']
_LOGIN = {'UserName': 'u', 'Password': 'p'}


class Pod:
    """A simulated pod behind a server that records its responses."""

    def __init__(self, systems: int, expand: bool) -> None:
        self._simulator, line = _started(
            *(sys.executable, '-m', 'valence_simulator'),
            *('--personality', 'rsd', '--port', '0'),
            *('--systems', str(systems), '--seed', '1'),
            *('--username', 'u', '--password', 'p'),
            *(() if expand else ('--no-expand',)),
        )
        found = re.search(r'http://[^/]+', line)
        self._recorded, line = _started(
            *(sys.executable, '-m', 'benchmarks.recorded', found[0])  # type: ignore[index]
        )
        self.url = line.strip()

    def begin(self, latency_ms: float) -> None:
        """Set the latency and reset the counters."""
        requests.get(f'{self.url}/_latency/{latency_ms / 1000}', timeout=60)

    def requests(self) -> list[str]:
        """Return the paths of all GETs since then."""
        return requests.get(f'{self.url}/_requests', timeout=60).json()

    def __enter__(self) -> 'Pod':
        return self

    def __exit__(self, *exc: Any) -> None:
        for process in (self._recorded, self._simulator):
            process.terminate()
            process.wait()


def _started(*command: str) -> tuple[subprocess.Popen[str], str]:
    """Start a process; also return the first line of its output."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline()  # type: ignore[union-attr]


def sushy(pod: Pod) -> dict[str, float]:
    """Read with sushy what Valence reads."""
    import sushy as library

    expected = {path.rstrip('/') for path in _recorded_paths(pod)}
    pod.begin(0)
    _read_with(library, pod, expected)
    pod.begin(LATENCY_MS)
    begun = time.monotonic()
    _read_with(library, pod, expected)
    spent = time.monotonic() - begun
    paths = pod.requests()
    missed = expected - {path.rstrip('/') for path in paths}
    assert not missed, missed
    return {
        'seconds': spent,
        'gets': len(paths),
        'valence_gets': len(expected),
    }


def _read_with(library: Any, pod: Pod, expected: set[str]) -> None:
    """Read a pod with sushy.

    :param expected: the paths that have to be read in the end.
    """
    auth = library.auth.SessionAuth('u', 'p')
    service = library.Sushy(f'{pod.url}/redfish/v1', auth=auth, verify=False)
    got = set()

    def see(resource: Any, *names: str) -> None:
        got.add(resource.path.rstrip('/'))
        _ = [getattr(resource, name) for name in names]

    labels = ('name', 'manufacturer', 'model', 'serial_number', 'status')
    for chassis in service.get_chassis_collection().get_members():
        see(chassis, *labels, 'chassis_type')
    systems = service.get_system_collection()
    for system in systems.get_members():
        see(system, *labels, 'uuid', 'system_type', 'power_state')
        for cpu in system.processors.get_members():
            see(cpu, 'model', 'instruction_set', 'total_cores')
        see(system.processors)
        for nic in system.ethernet_interfaces.get_members():
            see(nic, 'mac_address', 'speed_mbps')
        see(system.ethernet_interfaces)
        for storage in system.storage.get_members():
            see(storage)
            for drive in storage.drives:
                see(drive, 'capacity_bytes', 'media_type', 'protocol')
        see(system.storage)
    see(systems)
    see(service.get_chassis_collection())
    # Memory modules, nodes, storage services: sushy has no models of these.
    for path in sorted(expected - got - {'/redfish/v1'}):
        service._conn.get(path).json()
    auth.close()


def pool(pod: Pod) -> dict[str, float]:
    """Read what Valence reads with only threads and requests."""
    paths = list(dict.fromkeys(_recorded_paths(pod)))
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

    pod.begin(LATENCY_MS)
    begun = time.monotonic()
    with futures.ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(get, paths))
    spent = time.monotonic() - begun
    return {'seconds': spent, 'gets': len(paths)}


def _recorded_paths(pod: Pod) -> list[str]:
    """Have all responses recorded; return the paths that Valence reads."""
    pod.begin(0)
    _discover(pod)
    return pod.requests()


def _discover(pod: Pod) -> Any:
    """Return the inventory that Valence reads."""
    from valence.podmanagers import base
    from valence.podmanagers.progress import Deadline
    from valence.podmanagers.rsd.driver import RSD

    driver = RSD(base.Connection(pod.url, 'u', 'p'))
    seen = driver.discover(Deadline(900))
    driver.close()
    return seen


def valence(pod: Pod) -> dict[str, float]:
    """Read and store the inventory twice."""
    from oslo_config import cfg

    from valence import objects
    from valence.conductor.inventory import store as inventory
    from valence.db import api as db
    from valence.db import migration
    from valence.db.sqlalchemy import models

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
    _recorded_paths(pod)
    pod.begin(LATENCY_MS)
    begun, cpu = time.monotonic(), time.process_time()
    seen = _discover(pod)
    read = time.monotonic()
    store(podm, seen)
    stored = time.monotonic()
    cpu = time.process_time() - cpu
    paths = pod.requests()
    again = store(podm, _discover(pod))
    shutil.rmtree(directory)
    return {
        'seconds': stored - begun,
        'store_seconds': stored - read,
        'cpu_ms_per_get': 1000 * cpu / len(paths),
        'gets': len(paths),
        'twice': len(paths) - len(set(paths)),
        'rows_written_by_second_sync': sum(again),
        'checksum': zlib.crc32(_text(seen).encode()),
    }


def _text(seen: Any) -> str:
    """Return the inventory as text, in a defined order."""
    kinds = (seen.chassis, seen.systems, seen.devices, seen.storages)
    return str([sorted(map(str, items)) for items in kinds])


def run(contender: str, systems: int) -> None:
    """Run one contender and print its figures per system."""
    from oslo_config import cfg

    from valence import cmd  # noqa: F401 - selects the threading backend
    from valence.common import service

    service.prepare(['--config-file', '/dev/null'])
    cfg.CONF.set_override('parallel', THREADS, group='redfish')
    read = {'sushy': sushy, 'pool': pool}.get(contender, valence)
    with Pod(systems, expand=contender.endswith('expand')) as pod:
        figures = read(pod)
    figures['ms_per_system'] = 1000 * figures['seconds'] / systems
    figures['gets_per_system'] = figures['gets'] / systems
    print(json.dumps(figures))


def main() -> None:
    """Run the contenders in turns and print the ratios."""
    if len(sys.argv) > 1 and sys.argv[1] in CONTENDERS:
        few = int(sys.argv[3]) if sys.argv[1] == 'sushy' else int(sys.argv[2])
        run(sys.argv[1], few)
        return
    systems = int(sys.argv[1]) if len(sys.argv) > 1 else SYSTEMS
    few = int(sys.argv[2]) if len(sys.argv) > 2 else SUSHY_SYSTEMS
    results = common.take_turns(
        'benchmarks.sync', CONTENDERS, ROUNDS, str(systems), str(few)
    )
    print(f'{systems} systems ({few} for sushy), {LATENCY_MS} ms latency:')
    common.report(results, 'ms_per_system', 'ms per system', against='sushy')
    common.report(results, 'ms_per_system', 'ms per system', against='pool')
    common.report(
        results, 'gets_per_system', 'GETs per system', against='sushy'
    )
    common.report(
        results, 'gets_per_system', 'GETs per system', against='valence'
    )
    ours, expanded = (
        results[contender][-1] for contender in ('valence', 'valence-expand')
    )
    theirs = results['sushy'][-1]
    sushy_ms = theirs['ms_per_system']
    print(
        f'for the same {few} systems sushy reads {theirs["gets"]:.0f} URLs, '
        f'valence {theirs["valence_gets"]:.0f}'
    )
    print(
        f'valence is {sushy_ms / ours["ms_per_system"]:.1f} times as fast as '
        f'sushy; storing took {ours["store_seconds"]:.1f} s of '
        f'{ours["seconds"]:.1f} s, {ours["cpu_ms_per_get"]:.2f} ms of CPU '
        f'time per GET; {ours["twice"]:.0f} URLs were read twice'
    )
    same = ours['checksum'] == expanded['checksum']
    print(f'with $expand the result is {"the same" if same else "different"}')
    for contender in ('valence', 'valence-expand'):
        written = results[contender][-1]['rows_written_by_second_sync']
        print(f'{contender}: {written:.0f} rows written by a second sync')


if __name__ == '__main__':
    main()
