# SPDX-License-Identifier: Apache-2.0
"""CPU time of Valence's API to show one resource, compared to the least.

Without sockets, these process the same number of requests in turns, on SQLite
and MariaDB:

- ``floor``: one SELECT of the row with SQLAlchemy Core, and orjson;
- ``bare-pecan``: a Pecan application whose REST controller returns a constant
  dictionary, with no database;
- ``valence``: ``GET /v1/systems/{uuid}`` through all of the middleware.

    python -m benchmarks.api_overhead
"""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import common

REQUESTS = 500
ROUNDS = 3
CONTENDERS = ['floor', 'bare-pecan', 'valence']


def bare_pecan(uuid: str) -> Callable[[], object]:
    """Return a request to a Pecan application with one resource."""
    import pecan
    from pecan import rest

    from valence.api import app

    answer = {f'field_{n}': 'x' * 20 for n in range(20)}

    class Things(rest.RestController):
        @pecan.expose('json')
        def get_one(self, ident: str) -> dict[str, str]:
            return answer

    class V1:
        systems = Things()

    class Root:
        v1 = V1()

    app._cache_argspecs()
    return _get(pecan.make_app(Root(), debug=False), uuid)


def valence(uuid: str) -> Callable[[], object]:
    """Return a request to Valence."""
    from valence.api import app

    return _get(app.setup_app(), uuid)


def _get(app: Any, uuid: str) -> Callable[[], object]:
    import webob

    def request() -> None:
        environ = webob.Request.blank(f'/v1/systems/{uuid}').environ
        statuses: list[str] = []
        b''.join(app(environ, lambda s, h, e=None: statuses.append(s)))
        assert statuses == ['200 OK'], statuses

    return request


def floor(uuid: str) -> Callable[[], object]:
    """Return what no API can do without: one statement, and JSON."""
    import orjson
    import sqlalchemy as sa

    from valence.db.sqlalchemy import engine
    from valence.db.sqlalchemy import models

    table = models.System.__table__
    query = sa.select(table).where(table.c.uuid == sa.bindparam('uuid'))

    def request() -> None:
        with engine.get_engine().connect() as connection:
            row = connection.execute(query, {'uuid': uuid}).one()
        orjson.dumps({**row._mapping})

    return request


def _system() -> str:
    """Create a pod manager with systems; return the UUID of one."""
    from benchmarks import pages
    from valence.db import api as db
    from valence.db.sqlalchemy import models

    pages.fill(1)
    with db.reader() as tx:
        found: str = tx.list(models.System, limit=1).one().uuid
        return found


def run(contender: str, backend: str) -> None:
    """Process requests and print how many there are in a second."""
    from valence import cmd  # noqa: F401 - selects the threading backend
    from valence.tests import fixtures

    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Database(backend))
        request = globals()[contender.replace('-', '_')](_system())
        for _ in range(200):
            request()
        begun = time.process_time()
        for _ in range(REQUESTS):
            request()
        spent = time.process_time() - begun
    print(json.dumps({'cpu': 1e6 * spent / REQUESTS}))


def main() -> None:
    """Run the contenders in turns and print the ratios."""
    if len(sys.argv) > 1:
        run(*sys.argv[1:])
        return
    common.compare_on_databases(
        'benchmarks.api_overhead',
        CONTENDERS,
        ROUNDS,
        'CPU time to show a system',
    )


if __name__ == '__main__':
    main()
