# SPDX-License-Identifier: Apache-2.0
"""Choosing what a node is composed of, and claiming it."""

from collections.abc import Iterable
from typing import TypedDict

from valence import quota
from valence import reservations
from valence.common import exception
from valence.common.types import HeldPlace
from valence.common.types import JsonObject
from valence.conductor.actions import steps
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import InProgress
from valence.scheduler import fitting
from valence.scheduler import ranking
from valence.scheduler.affinity import Affinity
from valence.scheduler.request import AffinityRule
from valence.scheduler.request import Refused
from valence.scheduler.request import Request

# The interval in which nodes that affinity refers to are looked at.
_AFFINITY_SECONDS = 2.0
# The interval in which the reservation for the node is looked at.
_RESERVATION_SECONDS = 1.0


class Params(TypedDict, total=False):
    """The parameters of the operation.

    :param pod_manager: UUID of the pod manager to use.
    :param resources: UUIDs of the exact systems and devices to use.
    :param affinity: as the API has it.
    :param register: how to register the node with the provisioner.
    :param limits: the limits of the project when the node was requested, by
        name.
    :param held: what the node has of a hold.
    """

    pod_manager: str | None
    resources: list[str]
    affinity: AffinityRule | None
    register: JsonObject
    limits: dict[str, int]
    held: HeldPlace


class ClaimResult(TypedDict):
    """A ``scheduler.request.Choice``.

    :param devices: URIs of the devices, by UUID.
    """

    podm_uuid: str
    system_uuid: str
    system_uri: str
    devices: dict[str, str]


class ClaimParts(steps.ReadsParts[ClaimResult]):
    """Choose a pod manager and the parts there, and allocate them."""

    name = 'claim_parts'

    def do(self, run: Run) -> ClaimResult:
        params = run.params(Params)
        held = _held(run)
        if held is not None:
            _wait_for_reservation(run)
            return held
        with db.reader() as tx:
            node = tx.get(models.Node, uuid=run.target)
            if node is None:
                raise exception.ResourceGone(uri=f'the node {run.target}')
            _wait_for_others(tx, params.get('affinity'))
            limits = params.get('limits', {})
            choice = ranking.choose(
                tx,
                Request(
                    node.properties,
                    podm_uuid=params.get('pod_manager'),
                    resources=tuple(params.get('resources', ())),
                    affinity=params.get('affinity'),
                    project_id=run.operation.project_id,
                    register='register' in params,
                    refused=_refused(run),
                ),
                lambda choice: quota.allows(
                    tx, node, [choice.system_uuid, *choice.devices], limits
                ),
            )
        return {
            'podm_uuid': choice.podm_uuid,
            'system_uuid': choice.system_uuid,
            'system_uri': choice.system_uri,
            'devices': choice.devices,
        }

    def record(
        self, tx: db.Transaction, run: Run, result: ClaimResult
    ) -> None:
        podm_uuid = result['podm_uuid']
        if _held(run) is None:
            _claim(tx, run, result)
        tx.update(models.Node, {'podm_uuid': podm_uuid}, uuid=run.target)
        if run.operation.podm_uuid == podm_uuid:
            return
        # From now on the operation waits for its turn on that pod manager.
        tx.update(
            models.Operation,
            {
                'podm_uuid': podm_uuid,
                'state': 'pending',
                'claim': None,
                'conductor': None,
            },
            uuid=run.operation.uuid,
        )

    def undo(self, run: Run, result: ClaimResult | None) -> None:
        self.read_parts(run)

    def unrecord(
        self, tx: db.Transaction, run: Run, result: ClaimResult | None
    ) -> None:
        self.store_parts(tx, run)
        allocations.deallocate(tx, run.target)
        tx.update(
            models.Node,
            {'podm_uuid': run.params(Params).get('pod_manager')},
            uuid=run.target,
        )
        tx.update(
            models.Operation,
            {'podm_uuid': run.params(Params).get('pod_manager')},
            uuid=run.operation.uuid,
        )


def _claim(tx: db.Transaction, run: Run, result: ClaimResult) -> None:
    """Allocate what was chosen to the node, and charge its project."""
    systems, devices = [result['system_uuid']], list(result['devices'])
    limits = run.params(Params).get('limits', {})
    quota.claim(tx, run.target, [*systems, *devices], limits)
    allocations.allocate(
        *(tx, run.target, result['podm_uuid'], systems, devices),
        run.operation.project_id,
    )


def _held(run: Run) -> HeldPlace | None:
    """What the node has of a hold, unless the pod manager refused that."""
    if run.operation.excluded_systems:
        return None
    return run.params(Params).get('held')


def _wait_for_reservation(run: Run) -> None:
    """Send nothing while the hardware may be being reserved for the node.

    :raises InProgress: while it is.
    """
    with db.reader() as tx:
        if reservations.is_sending(tx, run.target):
            raise InProgress(
                _RESERVATION_SECONDS, 'its hardware is being reserved'
            )


def _wait_for_others(tx: db.Transaction, rule: AffinityRule | None) -> None:
    """Wait for nodes that are being composed, if it matters where.

    A node can only refer to older ones, so none waits for each other.

    :raises InProgress: while there is one.
    """
    name = Affinity.unsettled(tx, rule)
    if name is not None:
        raise InProgress(
            _AFFINITY_SECONDS,
            f'the node {name}, which affinity refers to, is being composed',
        )


def _refused(run: Run) -> tuple[Refused, ...]:
    """The combinations that were tried without success."""
    return tuple(
        Refused(
            one['system'],
            one['reason'],
            frozenset(one.get('devices', ())),
            one.get('podm_uuid'),
        )
        for one in run.operation.excluded_systems or ()
    )


def lacks(tx: db.Transaction, run: Run, uuids: Iterable[str]) -> str | None:
    """Which requirement of a node these parts do not meet, or None.

    :param uuids: of systems and devices, as far as the inventory has them.
    """
    node = tx.list(models.Node, uuid=run.target).one()
    listed = list(uuids)
    devices = tx.list(models.Device, uuid=listed).all()
    for system in tx.list(models.System, uuid=listed).all():
        return fitting.match(node.properties, system, devices).shortage
    return None


def chosen_uris(run: Run) -> list[str]:
    """The URIs of the parts that were chosen, the system first."""
    chosen = run.result(ClaimParts)
    return [chosen['system_uri'], *chosen['devices'].values()]
