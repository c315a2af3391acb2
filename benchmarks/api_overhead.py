# SPDX-License-Identifier: Apache-2.0
"""Overhead of Valence's API compared to a minimal Pecan application.

Three WSGI applications process the same number of requests without sockets: a
Pecan application whose REST controller returns a dictionary of similar size,
the same with cached argument specifications, and Valence, which returns ``GET
/v1/pod_manager/{uuid}`` from SQLite through its whole middleware.

    python -m benchmarks.api_overhead
"""

import json
import sys
import tempfile
import time
from typing import Any

from benchmarks import common

REQUESTS = 2000
ROUNDS = 3
CONTENDERS = ['bare-pecan', 'bare-pecan-cached', 'valence']


def bare(cached: bool) -> tuple[Any, str]:
    """Return a Pecan application with one resource, and a path."""
    import pecan
    from pecan import rest

    from valence.api import app

    answer = {f'field_{n}': 'x' * 20 for n in range(20)}

    class Things(rest.RestController):
        @pecan.expose('json')
        def get_one(self, ident: str) -> dict[str, str]:
            return answer

    class V1:
        pod_manager = Things()

    class Root:
        v1 = V1()

    if cached:
        app._cache_argspecs()
    return pecan.make_app(Root(), debug=False), '/v1/pod_manager/some-uuid'


def valence() -> tuple[Any, str]:
    """Return Valence on a new SQLite database, and the path of a resource."""
    from oslo_config import cfg

    from valence import objects
    from valence.api import app
    from valence.common import service
    from valence.db import api as db
    from valence.db import migration
    from valence.db.sqlalchemy import models

    directory = tempfile.mkdtemp(prefix='valence-benchmark-')
    service.prepare(['--config-file', '/dev/null'])
    cfg.CONF.set_override('state_path', directory)
    migration.sync()
    uuid = db.create(
        models.PodManager,
        **objects.PodManager.defaults(),
        name='pod',
        url='http://127.0.0.1:1',
    )
    return app.setup_app(), f'/v1/pod_manager/{uuid}'


def run(contender: str) -> None:
    """Process requests and print the rate."""
    import webob

    from valence import cmd  # noqa: F401 - selects the threading backend

    if contender == 'valence':
        app, path = valence()
    else:
        app, path = bare(contender.endswith('cached'))

    def request() -> None:
        environ = webob.Request.blank(path).environ
        statuses: list[str] = []
        b''.join(app(environ, lambda s, h, e=None: statuses.append(s)))
        assert statuses == ['200 OK'], statuses

    for _ in range(200):
        request()
    begun = time.process_time()
    for _ in range(REQUESTS):
        request()
    spent = time.process_time() - begun
    print(json.dumps({'rate': REQUESTS / spent}))


def main() -> None:
    """Run the contenders in turns and print the ratios."""
    if len(sys.argv) > 1:
        run(sys.argv[1])
        return
    results = common.take_turns('benchmarks.api_overhead', CONTENDERS, ROUNDS)
    print('Requests per second of CPU time:')
    common.report(results, 'rate', 'req/s', against='bare-pecan')


if __name__ == '__main__':
    main()
