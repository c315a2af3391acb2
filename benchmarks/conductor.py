# SPDX-License-Identifier: Apache-2.0
"""What a conductor takes: memory, time until an event shows, and idle time.

* A simulated pod of 1,000 systems at 20 ms an answer is read by a
  ``valence-conductor``; what counts is the most memory that it ever had.
* Then single systems of it change; what counts is the time until the API
  shows that.
* Another conductor looks after one pod manager, then after 1,000, which the
  fake driver plays; what counts is the processor time it takes to do nothing
  else. ``valence`` as a whole idles at a poll interval of 0.1 s.

    python -m benchmarks.conductor [systems [pod managers]]
"""

import os
import pathlib
import re
import statistics
import sys
import time
from typing import Any

from valence.tests import fixtures

SYSTEMS, PODS = 1000, 1000
LATENCY_MS = 20
EVENTS = 10
IDLE_SECONDS = 30.0
_USUAL: dict[str, Any] = {
    'conductor__poll_interval': 2,
    'conductor__status_interval': 30,
    'conductor__status_timeout': 10,
    'conductor__sync_interval': 3000,
    'conductor__heartbeat_interval': 10,
    'conductor__heartbeat_timeout': 60,
    'redfish__request_timeout': 60,
}


def peak_mb(process: Any) -> float:
    """The most memory that a process ever had."""
    status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
    found = re.search(r'VmHWM:\s+(\d+) kB', status)
    return int(found[1]) / 1024  # type: ignore[index]


def share(process: Any) -> float:
    """Which part of a processor a process takes, in percent."""

    def spent() -> float:
        stat = pathlib.Path(f'/proc/{process.pid}/stat').read_text()
        user, system = stat.rpartition(')')[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')

    begun = spent()
    time.sleep(IDLE_SECONDS)
    return 100 * (spent() - begun) / IDLE_SECONDS


def started(service: Any) -> Any:
    """A database, an API, and a conductor."""
    service.manage('db', 'sync')
    service.manage('credential-keys', 'create')
    service.api()
    return service.conductor()


def large(systems: int) -> None:
    """Read a large pod, and then be told of changes."""
    with (
        fixtures.Service(**_USUAL) as service,
        fixtures.Simulator(
            *('--latency-ms', LATENCY_MS, '--no-expand'), systems=systems
        ) as pod,
    ):
        conductor = started(service)
        begun = time.monotonic()
        service.register('pod', pod)
        service.wait_ready('pod', 300)
        print(
            f'{systems} systems in {time.monotonic() - begun:.1f} s after '
            f'they were registered: peak {peak_mb(conductor):.0f} MB'
        )
        settled(service)
        rows = service.client.get('/v1/systems?limit=100')['systems']
        times = [seen(service, pod, row) for row in rows[:EVENTS]]
        print(
            f'from a change to the answer of the API: '
            f'{1000 * statistics.median(times):.0f} ms (at most '
            f'{1000 * max(times):.0f} ms)'
        )


def settled(service: Any) -> None:
    """Wait until nothing is read any more: the stream opens with a reading."""
    quiet = 0
    while quiet < 10:
        states = [
            operation['state']
            for operation in service.client.all('/v1/operations?action=sync')
        ]
        busy = {'pending', 'running'} & set(states)
        quiet = 0 if busy else quiet + 1
        time.sleep(0.5)


def seen(service: Any, pod: Any, row: dict[str, Any]) -> float:
    """Change a system; how long it takes until the API says so."""
    wanted = 'Off' if row['power_state'] == 'on' else 'On'
    begun = time.monotonic()
    pod.change(row['resource_uri'], PowerState=wanted)
    path = f'/v1/systems/{row["uuid"]}?fields=power_state'
    while service.client.get(path)['power_state'] != wanted.lower():
        if time.monotonic() - begun > 60:
            raise TimeoutError(f'{row["resource_uri"]} never changed')
        time.sleep(0.005)
    return time.monotonic() - begun


def idle(pods: int) -> None:
    """Look after pod managers of which nothing happens."""
    options = {**_USUAL, 'fake__systems': 1}
    with fixtures.Service(**options) as service:
        conductor = started(service)
        for number in range(pods):
            service.client.post(
                '/v1/pod_managers',
                {
                    'name': f'pod-{number}',
                    'url': f'http://pod-{number}',
                    'driver': 'fake',
                },
            )
        for number in range(pods):
            service.wait_ready(f'pod-{number}', 300)
        print(
            f'a conductor of {pods} pod managers: '
            f'{share(conductor):.1f} % of a processor'
        )


def alone() -> None:
    """Have nothing to look after, but look often."""
    options = {**_USUAL, 'conductor__poll_interval': 0.1}
    with fixtures.Service(**options) as service:
        process = service.all_in_one()
        print(
            'valence that looks every 0.1 s and finds nothing: '
            f'{share(process):.1f} % of a processor'
        )


def main() -> None:
    """Run it all."""
    systems = int(sys.argv[1]) if len(sys.argv) > 1 else SYSTEMS
    pods = int(sys.argv[2]) if len(sys.argv) > 2 else PODS
    alone()
    idle(1)
    idle(pods)
    large(systems)


if __name__ == '__main__':
    main()
