# SPDX-License-Identifier: Apache-2.0
"""CPU time of the API for one delivered event, alone and in a storm.

Threads deliver events through the whole middleware, without sockets and
without a client library. Each event names one of 50 systems. The floor is
``GET /v1``, which reads nothing. Usual deliveries have a header that keeps
them off the short path. The last storm comes from 50 pod managers.

    python -m benchmarks.event_deliveries
"""

import concurrent.futures
import contextlib
import io
import json
import sys
import time
from typing import Any

from benchmarks import common
from valence import cmd  # noqa: F401 - selects the threading backend
from valence import objects
from valence.api import app
from valence.common import secrets
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import fixtures

ROUNDS = 3
# By name: how many threads deliver, and how many events.
THREADS = {
    'floor': (1, 2000),
    'one-by-one': (1, 200),
    'usual-storm': (16, 2000),
    'storm': (16, 2000),
    'storm-of-many': (16, 2000),
}
VARIABLES = {
    'usual-storm': {'HTTP_OPENSTACK_API_VERSION': 'composable 1.1'},
}
PODS = 50


def environ(method: str, path: str, content: bytes) -> dict[str, Any]:
    """The environment of a request, as a server makes it."""
    return {
        'REQUEST_METHOD': method,
        'SCRIPT_NAME': '',
        'PATH_INFO': path,
        'QUERY_STRING': '',
        'CONTENT_TYPE': 'application/json' if content else '',
        'CONTENT_LENGTH': str(len(content)) if content else '',
        'REMOTE_ADDR': '127.0.0.1',
        'SERVER_NAME': 'localhost',
        'SERVER_PORT': '80',
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'wsgi.url_scheme': 'http',
        'wsgi.input': io.BytesIO(content),
    }


def start(status: str, headers: object, exc_info: object = None) -> None:
    """Check the status of a response."""
    assert status[:3] in ('200', '204'), status


def register(number: int) -> list[str]:
    """Register pod managers that deliver events; returns their UUIDs."""
    return [
        db.create(
            models.PodManager,
            **objects.PodManager.defaults(),
            name=f'pod-{n}',
            url=f'http://127.0.0.1:{n + 1}',
            driver='redfish',
            event_secret=secrets.encrypt('secret'),
        )
        for n in range(number)
    ]


def run(contender: str, backend: str) -> None:
    """Deliver events and print the CPU time of one."""
    threads, events = THREADS[contender]
    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Keys())
        stack.enter_context(fixtures.Database(backend))
        uuids = register(PODS if contender == 'storm-of-many' else 1)
        application = app.setup_app()
        variables = VARIABLES.get(contender, {})

        def deliver(number: int) -> None:
            uuid = uuids[number % len(uuids)]
            body = b'{"OriginOfCondition": "/systems/%d"}' % (number % 50)
            request = environ('POST', f'/v1/events/{uuid}/secret', body)
            if contender == 'floor':
                request = environ('GET', '/v1', b'')
            chunks = application({**request, **variables}, start)
            list(chunks)
            chunks.close()

        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(deliver, range(100)))
            begun = time.process_time()
            list(pool.map(deliver, range(events)))
            spent = time.process_time() - begun
    print(json.dumps({'cpu': 1e6 * spent / events}))


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
