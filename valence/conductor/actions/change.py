# SPDX-License-Identifier: Apache-2.0
"""Changing a node that is composed: power, boot, devices."""

from typing import Any

from oslo_config import cfg
from oslo_utils import timeutils

from valence import quota
from valence import scheduler
from valence.common import exception
from valence.conductor import holdings
from valence.conductor import states
from valence.conductor.actions import compose
from valence.conductor.engine import engine
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base


def _deadline(run: engine.Run) -> Any:
    return run.repeatable(cfg.CONF.redfish.request_timeout)


class Send(engine.Step):
    """Have the pod manager reset the node.

    After a crash it may be done twice; a machine that restarts twice is no
    worse than one that never did.
    """

    name = 'reset'

    def do(self, run: engine.Run) -> dict[str, Any]:
        run.driver().reset(
            holdings.node_uri(run.target),
            run.operation.params['type'],
            _deadline(run),
        )
        return {}


class SetBoot(engine.Step):
    """Have the pod manager choose what the node boots from."""

    name = 'set boot'

    def do(self, run: engine.Run) -> dict[str, Any]:
        params = run.operation.params
        run.driver().set_boot(
            holdings.node_uri(run.target),
            params['enabled'],
            params['target'],
            _deadline(run),
        )
        return {}


class ClaimDevice(engine.Step):
    """Claim the device for the node."""

    name = 'claim'

    def __init__(self) -> None:
        self.seen = base.Inventory()
        self.since = timeutils.utcnow()

    def record(
        self,
        tx: db.Transaction,
        run: engine.Run,
        result: dict[str, Any],
    ) -> None:
        device = _device(tx, run)
        if device.node_uuid == run.target:
            return
        scheduler.claim(
            tx,
            run.target,
            device.podm_uuid,
            [],
            [device.uuid],
            run.operation.project_id,
        )

    def do(self, run: engine.Run) -> dict[str, Any]:
        with db.reader() as tx:
            device = _device(tx, run)
        if device.state != 'free' or device.node_uuid is not None:
            raise exception.NoCapacity(
                reason=f'the device {device.name} is not free'
            )
        return {}

    def undo(self, run: engine.Run, result: dict[str, Any] | None) -> None:
        self.seen, self.since = compose.look_again(run)

    def unrecord(
        self,
        tx: db.Transaction,
        run: engine.Run,
        result: dict[str, Any] | None,
    ) -> None:
        compose.store(tx, run, self.seen, self.since)
        _unclaim(tx, run)


class Join(engine.Step):
    """Have the pod manager join the device to the node."""

    name = 'join'

    def do(self, run: engine.Run) -> dict[str, Any]:
        uri = _device_uri(run)
        run.driver().attach(holdings.node_uri(run.target), uri, _deadline(run))
        return {'uri': uri}

    def undo(self, run: engine.Run, result: dict[str, Any] | None) -> None:
        run.driver().detach(
            holdings.node_uri(run.target), _device_uri(run), _deadline(run)
        )


class Part(engine.Step):
    """Have the pod manager take the device away from the node."""

    name = 'part'

    def do(self, run: engine.Run) -> dict[str, Any]:
        uri = _device_uri(run)
        run.driver().detach(holdings.node_uri(run.target), uri, _deadline(run))
        return {'uri': uri}


class UnclaimDevice(compose.Refresh):
    """Look at the device again, and let it go."""

    name = 'unclaim'

    def record(
        self,
        tx: db.Transaction,
        run: engine.Run,
        result: dict[str, Any],
    ) -> None:
        super().record(tx, run, result)
        # No pod manager erases what it merely takes away.
        device = run.operation.params['device']
        holdings.let_go(tx, run.target, erased=False, uuids=[device])
        quota.give_back(tx, run.target, run.operation.params['charge'])


class Look(engine.Step):
    """See what power state came of it."""

    name = 'look'

    def do(self, run: engine.Run) -> dict[str, Any]:
        found = run.driver().read_node(
            holdings.node_uri(run.target), _deadline(run)
        )
        return {'power_state': found.power_state}


class Change(engine.Action):
    """A node is changed; whether that comes true or not, it stays a node."""

    def succeeded(self, tx: db.Transaction, run: engine.Run) -> None:
        values = dict(states.WELL)
        if run.result(Look.name):
            values['power_state'] = run.result(Look.name)['power_state']
        states.move_node(tx, run.target, 'active', **values)

    def failed(
        self,
        tx: db.Transaction,
        run: engine.Run,
        error: exception.Told,
    ) -> None:
        if tx.get(models.Node, uuid=run.target, provision_state='updating'):
            states.move_node(
                tx, run.target, 'active', **error.columns('last_error')
            )


class Reset(Change):
    """A node is switched on or off, or restarted."""

    name = 'reset'
    steps = (Send, Look)


class Boot(Change):
    """A node boots from something else."""

    name = 'boot'
    steps = (SetBoot,)


class Attach(Change):
    """A pooled device is joined to a node."""

    name = 'attach'
    steps = (ClaimDevice, Join, compose.Refresh)

    def failed(
        self,
        tx: db.Transaction,
        run: engine.Run,
        error: exception.Told,
    ) -> None:
        super().failed(tx, run, error)
        quota.give_back(tx, run.target, run.operation.params['charge'])


class Detach(Change):
    """A pooled device is taken away from a node."""

    name = 'detach'
    steps = (Part, UnclaimDevice)


def _device(tx: db.Transaction, run: engine.Run) -> Any:
    device = tx.get(models.Device, uuid=run.operation.params['device'])
    if device is None:
        raise exception.ResourceGone(
            uri=f'the device {run.operation.params["device"]}'
        )
    return device


def _device_uri(run: engine.Run) -> str:
    with db.reader() as tx:
        return _device(tx, run).resource_uri


def _unclaim(tx: db.Transaction, run: engine.Run) -> None:
    scheduler.unclaim(tx, run.target, [run.operation.params['device']])
