# SPDX-License-Identifier: Apache-2.0
"""Resetting: switch a node on or off, or restart it."""

from typing import Any

from oslo_config import cfg

from valence.common import exception
from valence.conductor import operations
from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models


def _resource_uri(run: operations.Run) -> str:
    node = db.get(models.Node, uuid=run.target)
    if node is None:
        raise exception.ResourceGone(uri=f'the node {run.target}')
    return node.resource_uri


class Send(operations.Step):
    """Have the pod manager do it.

    After a crash it may be done twice; a machine that restarts twice is no
    worse than one that never did.
    """

    name = 'reset'

    def do(self, run: operations.Run) -> dict[str, Any]:
        run.driver().reset(
            _resource_uri(run),
            run.operation.params['type'],
            run.repeatable(cfg.CONF.redfish.request_timeout),
        )
        return {}


class Look(operations.Step):
    """See what power state came of it."""

    name = 'look'

    def do(self, run: operations.Run) -> dict[str, Any]:
        found = run.driver().read_node(
            _resource_uri(run),
            run.repeatable(cfg.CONF.redfish.request_timeout),
        )
        return {'power_state': found.power_state}


class Reset(operations.Action):
    """A node is switched on or off, or restarted."""

    name = 'reset'
    steps = (Send, Look)

    def succeeded(self, tx: db.Transaction, run: operations.Run) -> None:
        states.move_node(
            tx,
            run.target,
            'active',
            power_state=run.result(Look.name)['power_state'],
            last_error=None,
        )

    def failed(
        self, tx: db.Transaction, run: operations.Run, error: str
    ) -> None:
        # The node is as composed as before; only this wish did not come true.
        if tx.get(models.Node, uuid=run.target, provision_state='updating'):
            states.move_node(tx, run.target, 'active', last_error=error)
