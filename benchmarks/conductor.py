# SPDX-License-Identifier: Apache-2.0
"""Resources of a conductor: memory, event latency, and idle CPU time.

* A ``valence-conductor`` reads a simulated pod of 1,000 systems with a latency
  of 20 ms. The result is its peak memory.
* Then single systems change. The result is the time until the API shows the
  change.
* Another conductor manages one pod manager, then 1,000, with the fake driver.
  The result is its CPU time without operations; also that of a single
  ``valence`` process with a poll interval of 0.1 s.

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
    """Return the peak memory of a process in MB."""
    status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
    found = re.search(r'VmHWM:\s+(\d+) kB', status)
    return int(found[1]) / 1024  # type: ignore[index]


def cpu_percent(process: Any) -> float:
    """Return the CPU usage of a process in percent."""

    def spent() -> float:
        stat = pathlib.Path(f'/proc/{process.pid}/stat').read_text()
        user, system = stat.rpartition(')')[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')

    begun = spent()
    time.sleep(IDLE_SECONDS)
    return 100 * (spent() - begun) / IDLE_SECONDS


def started(service: Any) -> Any:
    """Create the database, start an API, and return a conductor."""
    service.manage('db', 'sync')
    service.manage('credential-keys', 'create')
    service.api()
    return service.conductor()


def large(systems: int) -> None:
    """Sync a large pod, and then measure events."""
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
            f'registration: peak {peak_mb(conductor):.0f} MB'
        )
        wait_for_sync(service)
        rows = service.client.get('/v1/systems?limit=100')['systems']
        times = [event_latency(service, pod, row) for row in rows[:EVENTS]]
        print(
            f'from a change to the response of the API: '
            f'{1000 * statistics.median(times):.0f} ms (at most '
            f'{1000 * max(times):.0f} ms)'
        )


def wait_for_sync(service: Any) -> None:
    """Wait until no sync is running: opening the event stream starts one."""
    idle_polls = 0
    while idle_polls < 10:
        states = [
            operation['state']
            for operation in service.client.all('/v1/operations?action=sync')
        ]
        busy = {'pending', 'running'} & set(states)
        idle_polls = 0 if busy else idle_polls + 1
        time.sleep(0.5)


def event_latency(service: Any, pod: Any, row: dict[str, Any]) -> float:
    """Change a system; return the seconds until the API shows it."""
    expected = 'Off' if row['power_state'] == 'on' else 'On'
    begun = time.monotonic()
    pod.change(row['resource_uri'], PowerState=expected)
    path = f'/v1/systems/{row["uuid"]}?fields=power_state'
    while service.client.get(path)['power_state'] != expected.lower():
        if time.monotonic() - begun > 60:
            raise TimeoutError(f'{row["resource_uri"]} never changed')
        time.sleep(0.005)
    return time.monotonic() - begun


def idle(pods: int) -> None:
    """Measure a conductor of idle pod managers."""
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
            f'conductor with {pods} pod managers: '
            f'{cpu_percent(conductor):.1f} % CPU'
        )


def alone() -> None:
    """Measure a process without pod managers that polls often."""
    options = {**_USUAL, 'conductor__poll_interval': 0.1}
    with fixtures.Service(**options) as service:
        process = service.all_in_one()
        print(
            'valence without pod managers, polling every 0.1 s: '
            f'{cpu_percent(process):.1f} % CPU'
        )


def main() -> None:
    """Run all measurements."""
    systems = int(sys.argv[1]) if len(sys.argv) > 1 else SYSTEMS
    pods = int(sys.argv[2]) if len(sys.argv) > 2 else PODS
    alone()
    idle(1)
    idle(pods)
    large(systems)


if __name__ == '__main__':
    main()
