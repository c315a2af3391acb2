# SPDX-License-Identifier: Apache-2.0
"""A storm of events: what is lost, and how much it delays other requests.

The pod managers of a data centre deliver events to one ``valence-api``, each
over a connection of its own, one after the other. Each event names a resource
that no other names. Meanwhile a client lists pod managers over and over, as it
did before. No conductor runs, so that what was delivered can be counted in the
end. With VALENCE_TEST_MYSQL the database is MariaDB, else SQLite.

    python -m benchmarks.event_storm [events [seconds]]
"""

import contextlib
import http.client
import json
import multiprocessing
import os
import pathlib
import statistics
import sys
import time
import urllib.parse
from concurrent import futures
from typing import Any

from oslo_config import cfg

from benchmarks import event_deliveries
from valence import cmd  # noqa: F401 - selects the threading backend
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import fixtures

EVENTS, SECONDS = 50_000, 60.0
PODS, SENDERS = 48, 2
BEFORE_SECONDS = 10.0
PATH = '/v1/pod_managers?limit=10'


def request(connection: Any, method: str, path: str, body: Any = None) -> int:
    """Send a request; returns the status."""
    headers = {'Content-Type': 'application/json'} if body else {}
    content = json.dumps(body) if body else None
    connection.request(method, path, content, headers)
    answer = connection.getresponse()
    answer.read()
    return int(answer.status)


def deliver(address: str, uuid: str, events: int, rate: float) -> int:
    """Deliver events of a pod manager; returns how many were accepted.

    :param rate: events a second; what is late is delivered at once.
    """
    connection = http.client.HTTPConnection(address, timeout=120)
    begun, accepted = time.monotonic(), 0
    for number in range(events):
        time.sleep(max(0, begun + number / rate - time.monotonic()))
        origin = {'@odata.id': f'/redfish/v1/Systems/{number}'}
        event = {
            'EventType': 'StatusChange',
            'MessageId': 'ResourceEvent.1.0.ResourceChanged',
            'OriginOfCondition': origin,
        }
        path = f'/v1/events/{uuid}/secret'
        accepted += (
            request(connection, 'POST', path, {'Events': [event]}) < 300
        )
    return accepted


def send(
    address: str, uuids: list[str], events: int, rate: float, result: Any
) -> None:
    """Deliver the events of pod managers, in a process."""
    with futures.ThreadPoolExecutor(len(uuids)) as pool:
        sent = [
            pool.submit(deliver, address, uuid, events, rate) for uuid in uuids
        ]
        result.put(sum(one.result() for one in sent))


def probe(address: str, go_on: Any) -> list[float]:
    """The milliseconds of one request after the other."""
    connection = http.client.HTTPConnection(address, timeout=120)
    times = []
    while go_on():
        begun = time.perf_counter()
        assert request(connection, 'GET', PATH) == 200
        times.append(1000 * (time.perf_counter() - begun))
        time.sleep(0.02)
    return times


def cpu_seconds(process: Any) -> float:
    """The CPU time of a process until now."""
    stat = pathlib.Path(f'/proc/{process.pid}/stat').read_text()
    user, system = stat.rpartition(')')[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')


def storm(address: str, uuids: list[str], each: int, rate: float) -> Any:
    """Deliver everything; returns how many were accepted, and the probes."""
    results: Any = multiprocessing.Queue()
    senders = [
        multiprocessing.Process(
            target=send,
            args=(address, uuids[first::SENDERS], each, rate, results),
        )
        for first in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    times = probe(address, lambda: any(one.is_alive() for one in senders))
    return sum(results.get() for _ in senders), times


def percentiles(times: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def report(before: tuple[float, float], beside: tuple[float, float]) -> None:
    """Print how much slower other requests were."""
    for name, one, other in zip(
        ('median', 'p99'), before, beside, strict=True
    ):
        print(
            f'GET {PATH}: {name} {one:.1f} ms before, {other:.1f} ms '
            f'during the storm: {other / one:.2f} x'
        )


def main() -> None:
    """Deliver a storm and print what became of it."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    each = events // PODS
    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Keys())
        backend = 'mysql' if 'VALENCE_TEST_MYSQL' in os.environ else 'sqlite'
        database = stack.enter_context(fixtures.Database(backend))
        uuids = event_deliveries.register(PODS)
        service = stack.enter_context(
            fixtures.Service(
                database__connection=database.connection,
                credentials__key_repository=cfg.CONF.credentials.key_repository,
                api__threads=16,
            )
        )
        api = service.api()
        address = urllib.parse.urlsplit(service.client.url).netloc
        end = time.monotonic() + BEFORE_SECONDS
        before = percentiles(probe(address, lambda: time.monotonic() < end))
        spent, begun = cpu_seconds(api), time.monotonic()
        accepted, times = storm(address, uuids, each, each / seconds)
        took, spent = time.monotonic() - begun, cpu_seconds(api) - spent
        beside = percentiles(times)
        with db.reader() as tx:
            stored = tx.count(models.PendingRefresh)
    print(
        f'{accepted} of {each * PODS} events accepted in {took:.0f} s, '
        f'{stored} stored, {accepted - stored} lost, {backend}; CPU time of '
        f'the API for one, with {len(times)} other requests: '
        f'{1000 * spent / accepted:.2f} ms'
    )
    report(before, beside)


if __name__ == '__main__':
    main()
