# SPDX-License-Identifier: Apache-2.0
"""CPU time of the API for one delivered event, alone and in a storm.

Threads deliver events of one pod manager through the whole middleware, without
sockets. Each event names one of 50 systems. The floor is ``GET /v1``, which
reads nothing. Usual deliveries have a header that keeps them off the short
path.

    python -m benchmarks.event_deliveries
"""

import concurrent.futures
import contextlib
import json
import sys
import time

from benchmarks import common

EVENTS = 2000
ROUNDS = 3
# By name: how many threads deliver.
THREADS = {
    'floor': 1,
    'one-by-one': 1,
    'usual-storm': 16,
    'storm': 16,
}
HEADERS = {'usual-storm': {'OpenStack-API-Version': 'composable 1.1'}}


def run(contender: str, backend: str) -> None:
    """Deliver events and print the CPU time of one."""
    from valence import cmd  # noqa: F401 - selects the threading backend
    from valence import objects
    from valence.common import secrets
    from valence.db import api as db
    from valence.db.sqlalchemy import models
    from valence.tests import fixtures

    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Keys())
        stack.enter_context(fixtures.Database(backend))
        uuid = db.create(
            models.PodManager,
            **objects.PodManager.defaults(),
            name='pod',
            url='http://127.0.0.1:1',
            driver='fake',
            event_secret=secrets.encrypt('secret'),
        )
        client = fixtures.Client()
        headers = HEADERS.get(contender)

        def deliver(number: int) -> None:
            if contender == 'floor':
                assert client.request('GET', '/v1').status == 200
                return
            body = {'uris': [f'/systems/{number % 50}']}
            path = f'/v1/events/{uuid}/secret'
            answer = client.request('POST', path, body, headers=headers)
            assert answer.status == 204

        with concurrent.futures.ThreadPoolExecutor(THREADS[contender]) as pool:
            list(pool.map(deliver, range(100)))
            begun = time.process_time()
            list(pool.map(deliver, range(EVENTS)))
            spent = time.process_time() - begun
    print(json.dumps({'cpu': 1e6 * spent / EVENTS}))


def main() -> None:
    """Run the contenders in turns and print the ratios."""
    if len(sys.argv) > 1:
        run(*sys.argv[1:])
        return
    common.compare_on_databases(
        'benchmarks.event_deliveries',
        list(THREADS),
        ROUNDS,
        'CPU time of the API for one event',
    )


if __name__ == '__main__':
    main()
