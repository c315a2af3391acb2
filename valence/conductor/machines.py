# SPDX-License-Identifier: Apache-2.0
"""Descriptions of nodes for provisioners."""

import hashlib
from collections.abc import Sequence

from valence import traits
from valence.common import exception
from valence.common import secrets
from valence.common.types import JsonObject
from valence.common.types import Requirements
from valence.conductor import registrations
from valence.conductor import sites
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects.registration import Registration
from valence.provisioning import base
from valence.scheduler import criteria
from valence.scheduler import registrable


def pod_manager(run: Run) -> models.PodManager:
    """The pod manager of an operation.

    :raises ResourceGone: when it was removed.
    """
    podm = db.get(models.PodManager, uuid=run.operation.podm_uuid)
    if podm is None:
        raise exception.ResourceGone(
            uri=f'the pod manager {run.operation.podm_uuid}'
        )
    return podm


def login(podm: models.PodManager) -> base.Login:
    """Where and how a provisioner logs in to the hardware.

    :raises Conflict: when it cannot.
    """
    if registrable.lacks_login(podm):
        raise exception.Conflict(
            f'The pod manager {podm.name} has no credentials for '
            f'provisioners: set hardware_username and hardware_password.'
        )
    return base.Login(
        address=podm.hardware_url or podm.url,
        username=podm.hardware_username,
        password=secrets.decrypt(podm.hardware_password),
        revision=revision(podm),
        auth_type=podm.auth_type,
        insecure=podm.insecure,
    )


def revision(podm: models.PodManager) -> str:
    """Identifies the login without disclosing it.

    It contains the encrypted password.
    """
    parts = (
        podm.hardware_url or podm.url,
        podm.hardware_username,
        podm.hardware_password,
        podm.auth_type,
        podm.insecure,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def machine(
    run: Run,
    system: str,
    ports: tuple[base.Port, ...],
    how: JsonObject,
    *,
    known: bool,
) -> base.Machine:
    """The description of a node for its provisioner.

    :param system: URI of its computer system.
    :param ports: its network interfaces.
    :param how: what was requested, as the API has it.
    :param known: whether it was registered before.
    """
    podm = pod_manager(run)
    with db.reader() as tx:
        node = tx.list(models.Node, uuid=run.target).one()
        systems = tx.list(models.System, node_uuid=node.uuid).all()
        devices = tx.list(models.Device, node_uuid=node.uuid).all()
        site = sites.of_node(tx, node, podm)
    registered = registrations.handed_over(node) if known else None
    return base.Machine(
        **vars(login(podm)),
        uuid=node.uuid,
        mark=str(installation.mark(node.uuid)),
        registered=registered,
        name=node.name,
        project_id=node.project_id,
        system=system,
        ports=ports,
        site=site,
        cpus=_threads(systems, devices),
        memory_mib=sum(row.memory_mib for row in (*systems, *devices)),
        disk_gib=_largest(systems, devices),
        architecture=_architecture(systems),
        boot_mode=_boot_mode(node.properties, systems),
        resource_class=how.get('resource_class') or node.resource_class,
        traits=(*_requested(how, registered), *_traits(systems, devices)),
    )


def _architecture(systems: Sequence[models.System]) -> str | None:
    return next(filter(None, (row.cpu_architecture for row in systems)), None)


def _boot_mode(
    required: Requirements, systems: Sequence[models.System]
) -> str | None:
    """The required boot mode; UEFI where several meet the requirement."""
    need = required.get('firmware', {}).get('boot_mode')
    if need is None:
        return None
    allowed = {mode for row in systems for mode in row.boot_modes or ()}
    return max(
        (one for one in allowed if criteria.meets('boot_mode', need, one)),
        default=None,
    )


def _threads(
    systems: Sequence[models.System], devices: Sequence[models.Device]
) -> int:
    """The number of hardware threads."""
    found = sum(row.cpu_threads or row.cpu_cores for row in systems)
    return found + sum(row.cpu_cores for row in devices)


def _largest(
    systems: Sequence[models.System], devices: Sequence[models.Device]
) -> int:
    """The capacity of the largest drive in GiB."""
    drives = [drive for row in systems for drive in row.drives]
    sizes = [int(drive['capacity_gib'] or 0) for drive in drives]
    sizes += [row.capacity_gib for row in devices]
    return max(sizes, default=0)


def _traits(
    systems: Sequence[models.System], devices: Sequence[models.Device]
) -> list[str]:
    """The traits of the hardware."""
    found = {trait for row in systems for trait in traits.of_system(row)}
    found.update(trait for row in devices for trait in traits.of_device(row))
    return sorted(found)


def _requested(
    how: JsonObject, registered: Registration | None
) -> tuple[str, ...]:
    """The traits that were requested now, or at the first registration."""
    given = how.get('traits')
    if given is None:
        given = (registered or {}).get('traits', ())
    return tuple(given)
