# SPDX-License-Identifier: Apache-2.0
"""How late the ends of many leases are.

Nodes on a fake pod manager get leases that end evenly within a minute, with
the release of the node. It is measured from the end of a lease until its
operation is created, and until the node is gone. A conductor polls every two
seconds, and is not to be later than that and one second more.

    python -m benchmarks.leases [number of leases]
"""

import datetime
import sys
import time
from concurrent import futures
from typing import Any

from valence.tests import fixtures

NODES = 1000
# Seconds.
POLL = 2
WITHIN = 60
GOAL = POLL + 1
QUERY = 'action=release&fields=target_uuid,state,created_at,finished_at'


def compose(service: Any, number: int) -> list[str]:
    """Compose nodes; return their UUIDs."""
    body = {'name': 'pod', 'url': 'http://127.0.0.1:9', 'driver': 'fake'}
    service.client.post('/v1/pod_managers', body)
    service.wait_ready('pod', 120)
    with futures.ThreadPoolExecutor(8) as pool:
        made = pool.map(
            lambda n: service.client.post('/v1/nodes', {'name': f'n{n}'}),
            range(number),
        )
        uuids = [node['uuid'] for node in made]
    path = '/v1/nodes?provision_state=active&limit=1000&fields=uuid'
    while len(service.client.all(path)) < number:
        time.sleep(0.5)
    return uuids


def lend(service: Any, uuids: list[str]) -> dict[str, datetime.datetime]:
    """Have leases of nodes end soon; return when each ends."""
    # Until the last one has its lease, none may end.
    begin = datetime.datetime.now(datetime.UTC) + datetime.timedelta(
        seconds=30 + len(uuids) / 20
    )
    step = datetime.timedelta(seconds=WITHIN) / len(uuids)
    ends = {uuid: begin + n * step for n, uuid in enumerate(uuids)}
    with futures.ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda uuid: service.client.patch(
                    f'/v1/nodes/{uuid}',
                    {
                        'lease_until': f'{ends[uuid]:%Y-%m-%dT%H:%M:%S.%fZ}',
                        'lease_end': 'release',
                    },
                ),
                uuids,
            )
        )
    if datetime.datetime.now(datetime.UTC) > begin:
        raise SystemExit('The leases could not be set in time.')
    return ends


def late(ends: dict[str, datetime.datetime], rows: Any, name: str) -> str:
    """Describe how late something was."""
    seconds = sorted(
        (
            datetime.datetime.fromisoformat(row[name])
            - ends[row['target_uuid']]
        ).total_seconds()
        for row in rows
    )
    p50, p95 = (seconds[int(len(seconds) * part)] for part in (0.5, 0.95))
    return f'median {p50:.2f} s, p95 {p95:.2f} s, last {seconds[-1]:.2f} s'


def main() -> None:
    """Print how late the operations and their ends are."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NODES
    with fixtures.Service(
        **{'fake__systems': number, 'conductor__poll_interval': POLL},
        conductor__workers=64,
        api__threads=16,
    ) as service:
        service.all_in_one()
        ends = lend(service, compose(service, number))
        while service.client.get('/v1/nodes?limit=1&fields=uuid')['nodes']:
            time.sleep(0.5)
        rows = service.client.all(f'/v1/operations?{QUERY}&limit=1000')
    once = {row['target_uuid'] for row in rows} == {*ends}
    ended = once and len(rows) == number
    print(f'{number} leases, each ended once: {ended}')
    print(f'operation   {late(ends, rows, "created_at")}  (goal {GOAL} s)')
    print(f'node gone   {late(ends, rows, "finished_at")}')


if __name__ == '__main__':
    main()
