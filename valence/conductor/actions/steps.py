# SPDX-License-Identifier: Apache-2.0
"""Steps that several actions share."""

import datetime
from typing import Any

from oslo_config import cfg
from oslo_utils import timeutils

from valence.common import exception
from valence.conductor import states
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import drift
from valence.conductor.inventory import store as inventory
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware


def request_deadline(run: Run) -> Any:
    return run.idempotent(cfg.CONF.redfish.request_timeout)


class Join(Step):
    """Have the pod manager join the device to the node."""

    name = 'join'

    def do(self, run: Run) -> dict[str, Any]:
        uri = device_uri(run)
        run.driver().attach(
            allocations.node_uri(run.target),
            uri,
            request_deadline(run),
            run.progress(),
        )
        return {'uri': uri}

    def undo(self, run: Run, result: dict[str, Any] | None) -> None:
        run.driver().detach(
            allocations.node_uri(run.target),
            device_uri(run),
            request_deadline(run),
            run.progress(),
        )


class Part(Step):
    """Have the pod manager take the device away from the node."""

    name = 'part'

    def do(self, run: Run) -> dict[str, Any]:
        uri = device_uri(run)
        run.driver().detach(
            allocations.node_uri(run.target),
            uri,
            request_deadline(run),
            run.progress(),
        )
        return {'uri': uri}


class Look(Step):
    """See what power state came of it."""

    name = 'look'

    def do(self, run: Run) -> dict[str, Any]:
        found = run.driver().read_node(
            allocations.node_uri(run.target), request_deadline(run)
        )
        return {'power_state': found.power_state}


class Change(Action):
    """A node is changed; whether that comes true or not, it stays a node."""

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        values = dict(states.NO_ERROR)
        if run.result(Look.name):
            values['power_state'] = run.result(Look.name)['power_state']
        states.move_node(tx, run.target, 'active', **values)

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        if tx.get(models.Node, uuid=run.target, provision_state='updating'):
            states.move_node(
                tx, run.target, 'active', **error.columns('last_error')
            )


def device(tx: db.Transaction, run: Run) -> models.Device:
    device = tx.get(models.Device, uuid=run.operation.params['device'])
    if device is None:
        raise exception.ResourceGone(
            uri=f'the device {run.operation.params["device"]}'
        )
    return device


def device_uri(run: Run) -> str:
    with db.reader() as tx:
        return device(tx, run).resource_uri


class Refresh(Step):
    """Look again at what the node has claimed: its state is another now.

    A look that fails fails nothing else: the next sync will tell.
    """

    name = 'refresh'

    def __init__(self) -> None:
        self.seen = hardware.Inventory()
        self.since = timeutils.utcnow()

    def do(self, run: Run) -> dict[str, Any]:
        self.seen, self.since = look_again(run)
        return {'problem': '; '.join(self.seen.problems)[:1000] or None}

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        store(tx, run, self.seen, self.since)
        drift.record_baseline(tx, run.target)


def look_again(
    run: Run,
) -> tuple[hardware.Inventory, datetime.datetime]:
    """See what became of what the node has claimed.

    :returns: what was seen, and when looking began; a failure is a problem in
        what was seen.
    """
    since = timeutils.utcnow()
    uris = allocations.allocated_uris(run.target)
    if run.operation.podm_uuid is None or not uris:
        return hardware.Inventory(), since
    deadline = run.idempotent(cfg.CONF.redfish.request_timeout)
    try:
        seen = run.driver().refresh(uris, deadline)
    except exception.PodManagerError as exc:
        seen = hardware.Inventory(problems=[str(exc)])
    run.ensure_lease()
    return seen, since


def store(
    tx: db.Transaction,
    run: Run,
    seen: hardware.Inventory,
    since: datetime.datetime,
) -> None:
    """Store what was seen, unless it is old by now."""
    podm_uuid = run.operation.podm_uuid
    if podm_uuid is not None:
        inventory.write(tx, podm_uuid, seen, partial=True, since=since)
