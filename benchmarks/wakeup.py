# SPDX-License-Identifier: Apache-2.0
"""How long work lies about before a conductor takes it.

An API and a conductor, two processes, on one database. Nodes are asked for one
after the other; how long each operation waited until it was claimed is read
from its own times. Contenders:

* ``woken``, through RabbitMQ, by a conductor that looks by itself only once
  an hour,
* ``looking``, with no RabbitMQ, by a conductor that looks every second, which
  is what is left when the broker is away.

    python -m benchmarks.wakeup
"""

import contextlib
import datetime
import json
import os
import statistics
import sys
import time
from typing import Any

from benchmarks import common
from valence.tests import fixtures

ROUNDS = 3
COMPOSES = 10
PAUSE = 1.3
RABBIT = os.environ.get(
    'VALENCE_TEST_RABBIT', 'rabbit://guest:guest@127.0.0.1:5672/'
)
CONTENDERS: dict[str, dict[str, Any]] = {
    'woken': {'transport_url': RABBIT, 'conductor__poll_interval': 3600},
    'looking': {'conductor__poll_interval': 1},
}


def waited(contender: str) -> float:
    """The median of how long operations waited, in milliseconds."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(
            fixtures.Service(**CONTENDERS[contender])
        )
        service.manage('db', 'sync')
        service.manage('credential-keys', 'create')
        service.api()
        client: Any = service.client
        conductor = service.conductor()
        if contender == 'woken':
            conductor.wait_for('Wake-ups are heard')
        simulator = stack.enter_context(fixtures.Simulator(systems=COMPOSES))
        service.ready('pod', simulator)
        waits = []
        for number in range(COMPOSES):
            # Until all that the last one has stirred up is at rest.
            time.sleep(PAUSE)
            node = client.post('/v1/nodes', {'name': f'n{number}'})
            client.wait(
                f'/v1/nodes/{node["uuid"]}',
                lambda body: body['provision_state'] == 'active',
                60,
            )
            operation = client.get(
                f'/v1/operations?target_uuid={node["uuid"]}'
            )['operations'][0]
            begun, asked = (
                datetime.datetime.fromisoformat(operation[name])
                for name in ('started_at', 'created_at')
            )
            waits.append((begun - asked).total_seconds() * 1000)
    return statistics.median(waits)


def main() -> None:
    """Measure one contender, or have them take turns and print the ratio."""
    if len(sys.argv) > 1:
        print(json.dumps({'ms': waited(sys.argv[1])}))
        return
    results = common.take_turns('benchmarks.wakeup', list(CONTENDERS), ROUNDS)
    common.report(results, 'ms', 'ms', 'looking')


if __name__ == '__main__':
    main()
