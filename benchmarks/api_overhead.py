# SPDX-License-Identifier: Apache-2.0
"""What Valence's API costs above a bare Pecan application.

Three WSGI applications answer the same number of requests without sockets: a
Pecan application whose REST controller returns a dictionary of the same size,
the same with Pecan's look at arguments remembered, and Valence answering
``GET /v1/pod_manager/{uuid}`` from SQLite with all its middleware.

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
CONTENDERS = ['bare-pecan', 'bare-pecan-remembered', 'valence']


def bare(remembered: bool) -> tuple[Any, str]:
    """A Pecan application that shows one resource."""
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

    if remembered:
        app._remember_argspecs()
    return pecan.make_app(Root(), debug=False), '/v1/pod_manager/some-uuid'


def valence() -> tuple[Any, str]:
    """Valence on a new SQLite database with one pod manager."""
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
    """Answer requests and print how many a second."""
    import webob

    from valence import cmd  # noqa: F401 - chooses the threading backend

    if contender == 'valence':
        app, path = valence()
    else:
        app, path = bare(contender.endswith('remembered'))

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
    """Let the contenders take turns, and print the ratios."""
    if len(sys.argv) > 1:
        run(sys.argv[1])
        return
    results = common.take_turns('benchmarks.api_overhead', CONTENDERS, ROUNDS)
    print('Requests a second of processor time:')
    common.report(results, 'rate', 'req/s', against='bare-pecan')


if __name__ == '__main__':
    main()
