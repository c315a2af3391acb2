# SPDX-License-Identifier: Apache-2.0
"""Overhead of Valence compared to the time that pod managers need to compose.

First, nodes are composed one after the other on a simulated pod by

* ``bare``, a client that knows which requests to send and polls every 10 ms:
  the time of the pod manager itself,
* ``valence``, from the request until the node is active.

Then 100 nodes are requested at once, on ten pod managers of different speed.
The ideal time is that of the slowest pod manager: its number of nodes,
multiplied by its own time for one, divided by the number of concurrent
operations.

    python -m benchmarks.compose [seconds of a step of composing]
"""

import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import requests

from valence.tests import fixtures

ROUNDS = 10
PODS = 10
COMPOSES = 100
PARALLEL = 5
LATENCY_MS = 5


@contextlib.contextmanager
def started(pods: list[float]) -> Iterator[tuple[Any, list[Any]]]:
    """Start Valence, and pods with these step durations."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(
            fixtures.Service(
                conductor__poll_interval=2,
                conductor__workers=64,
                conductor__podm_parallel=PARALLEL,
                conductor__status_interval=30,
                conductor__heartbeat_timeout=60,
                redfish__request_timeout=60,
                api__threads=16,
            )
        )
        service.all_in_one()
        simulators = [
            stack.enter_context(
                fixtures.Simulator(
                    *('--compose-seconds', seconds),
                    *('--latency-ms', LATENCY_MS),
                    systems=max(ROUNDS, 2 * COMPOSES // PODS),
                )
            )
            for seconds in pods
        ]
        for number, simulator in enumerate(simulators):
            service.register(f'pod-{number}', simulator)
        for number in range(len(simulators)):
            service.wait_ready(f'pod-{number}', 120)
        yield service, simulators


def bare(simulator: Any) -> float:
    """Compose a node with minimal requests and release it; return seconds."""
    session = requests.Session()
    response = session.post(
        f'{simulator.url}/SessionService/Sessions',
        json={
            'UserName': simulator.login['username'],
            'Password': simulator.login['password'],
        },
        timeout=60,
    )
    session.headers['X-Auth-Token'] = response.headers['X-Auth-Token']
    begun = time.monotonic()
    response = session.post(
        f'{simulator.url}/Nodes/Actions/Allocate', json={}, timeout=60
    )
    node = f'{simulator.origin}/{response.headers["Location"].lstrip("/")}'
    if response.headers['Location'].startswith('http'):
        node = response.headers['Location']
    wait(session, node, 'Allocated')
    session.post(
        f'{node}/Actions/ComposedNode.Assemble', json={}, timeout=60
    ).raise_for_status()
    wait(session, node, 'Assembled')
    seconds = time.monotonic() - begun
    session.delete(node, timeout=60).raise_for_status()
    return seconds


def wait(session: requests.Session, node: str, state: str) -> None:
    """Poll a node every 10 ms until it has a state."""
    while True:
        body = session.get(node, timeout=60).json()
        if body['ComposedNodeState'] == state:
            return
        time.sleep(0.01)


def compose(service: Any, name: str) -> float:
    """Compose a node with Valence; return seconds."""
    begun = time.monotonic()
    node = service.client.post('/v1/nodes', {'name': name})
    path = f'/v1/nodes/{node["uuid"]}?fields=provision_state'
    while service.client.get(path)['provision_state'] != 'active':
        time.sleep(0.01)
    return time.monotonic() - begun


def sequentially(seconds: float) -> None:
    """Print the overhead for one node."""
    with started([seconds]) as (service, (simulator,)):
        bare_seconds, valence_seconds = [], []
        for number in range(ROUNDS):
            bare_seconds.append(bare(simulator))
            valence_seconds.append(compose(service, f'node-{number}'))
            service.release(f'node-{number}')
    base, total = (
        statistics.median(bare_seconds),
        statistics.median(valence_seconds),
    )
    print(
        f'bare     {base * 1000:8.0f} ms\n'
        f'valence  {total * 1000:8.0f} ms  '
        f'(adds {(total - base) * 1000:.0f} ms, '
        f'{100 * (total - base) / base:.1f} %)'
    )


def concurrently(seconds: float) -> None:
    """Print the time of many concurrent nodes compared to the ideal time."""
    speeds = [seconds * (1 + number / PODS) for number in range(PODS)]
    with started(speeds) as (service, simulators):
        own = [bare(simulator) for simulator in simulators]
        begun = time.monotonic()
        with futures.ThreadPoolExecutor(16) as pool:
            list(
                pool.map(
                    lambda number: service.client.post(
                        '/v1/nodes', {'name': f'node-{number}'}
                    ),
                    range(COMPOSES),
                )
            )
        states: list[str] = []
        while states.count('active') + states.count('error') < COMPOSES:
            time.sleep(0.1)
            states = [
                node['provision_state']
                for node in service.client.all(
                    '/v1/nodes?fields=provision_state,uuid&limit=1000'
                )
            ]
        took = time.monotonic() - begun
        counts = [len(simulator.nodes()) for simulator in simulators]
    ideal = max(
        count * one / PARALLEL for count, one in zip(counts, own, strict=True)
    )
    print(
        f'{states.count("active")} of {COMPOSES} nodes on {PODS} pod managers '
        f'({min(counts)} to {max(counts)} each, {PARALLEL} concurrent): '
        f'{took:.1f} s, ideal {ideal:.1f} s, {took / ideal:.2f} x'
    )


def main() -> None:
    """Run both measurements."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    sequentially(seconds)
    concurrently(seconds)


if __name__ == '__main__':
    main()
