# SPDX-License-Identifier: Apache-2.0
"""Bringing what provisioners know of nodes up to date.

Nothing records that something is to be passed on: each poll compares what a
provisioner shows, and what it was given, with how it should be. A provisioner
that is away gets it when it is back. Each poll makes a few changes only.
"""

import functools
import random
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping

from oslo_log import log

from valence.common import exception
from valence.conductor import machines
from valence.conductor import registrations
from valence.conductor import sites
from valence.db import api as db
from valence.db import conditions
from valence.db import node_conditions
from valence.db.sqlalchemy import models
from valence.objects import condition as objects
from valence.objects.registration import Registration
from valence.podmanagers.progress import Deadline
from valence.provisioning import base
from valence.scheduler import registrable

LOG = log.getLogger(__name__)

#: Nodes in these states have no open operation.
IDLE_STATES = ('active', 'error')
FAILURES = (exception.ProvisioningError, base.InProgress)
# How many changes a poll makes.
_CHANGES = 20

# Passes something on; returns whether anything was sent.
_Job = Callable[[], bool]
_Podms = Mapping[str, models.PodManager]


def update(
    provisioner: base.Provisioner,
    name: str,
    shown: Mapping[str, base.Shown],
    deadline: Deadline,
) -> None:
    """Pass on what has changed of the nodes of a provisioner.

    :param shown: those that it shows, by UUID.
    """
    with db.reader() as tx:
        podms = {row.uuid: row for row in tx.list(models.PodManager)}
        nodes = [
            node
            for node in tx.list(
                models.Node, managed_by=name, provision_state=IDLE_STATES
            )
            if node.uuid in shown
        ]
        places = sites.of_nodes(tx, nodes, podms)
        held = node_conditions.of_nodes(tx, nodes)
    jobs: list[_Job] = []
    for node in nodes:
        one = shown[node.uuid]
        wanted = _restrictions(held.get(node.uuid))
        restrict = functools.partial(provisioner.restrict, node.uuid, one)
        jobs.append(functools.partial(restrict, wanted, deadline))
        if _is_as_handed_over(node, one):
            podm = podms.get(node.podm_uuid or '')
            if podm is not None and node.uuid in places:
                pass_on = functools.partial(_pass_on, provisioner, node, podm)
                site = places[node.uuid]
                jobs.append(functools.partial(pass_on, site, deadline))
    # Those that fail must not keep others waiting.
    random.shuffle(jobs)
    _run(name, jobs, deadline)


def _run(name: str, jobs: Collection[_Job], deadline: Deadline) -> None:
    """Do what is to be done, but not too much at once."""
    left = _CHANGES
    for job in jobs:
        if not left or deadline.left() <= 0:
            return
        try:
            left -= job()
        except FAILURES as exc:
            left -= 1
            LOG.warning('%s was not brought up to date: %s', name, exc)


def _is_as_handed_over(node: models.Node, shown: base.Shown) -> bool:
    """Whether a node is known to be what was handed over.

    A login goes only to where the last one went: not to a node of which the
    provisioner shows another address.
    """
    return (
        node.registration is not None
        and node.fault is None
        and not registrations.differences(
            node.registration, shown.registration
        )
    )


def _pass_on(
    provisioner: base.Provisioner,
    node: models.Node,
    podm: models.PodManager,
    site: base.Site,
    deadline: Deadline,
) -> bool:
    """Pass on where a node is, and the login of its hardware."""
    before = node.registration or Registration()
    new = provisioner.update_site(node.uuid, site, before, deadline)
    if not registrable.lacks_login(podm) and new.get(
        'login'
    ) != machines.revision(podm):
        new = provisioner.update_login(
            node.uuid, machines.login(podm), new, deadline
        )
    if new == before:
        return False
    _store(node, new)
    return True


@db.transaction
def _store(tx: db.Transaction, node: models.Node, new: Registration) -> None:
    """Store what was handed over, unless an operation has done so."""
    tx.update(
        models.Node,
        {'registration': new},
        uuid=node.uuid,
        managed_by=node.managed_by,
        updated_at=node.updated_at,
    )


def _restrictions(held: conditions.Holding | None) -> base.Restrictions:
    """How the conditions of a node restrict its use in a provisioner.

    What is quiet is not repaired by itself, and Ironic does nothing by itself
    to a node in maintenance. What is not released needs nothing there: the
    node stays registered.
    """
    if held is None:
        return base.Restrictions()
    change = held.first(objects.NO_CHANGE) or held.first(objects.QUIET)
    use = held.first(objects.NO_NEW_NODES)
    return base.Restrictions(_reason(use), _reason(change))


def _reason(row: models.Condition | None) -> str | None:
    """Why a node is restricted, for those who use it."""
    if row is None:
        return None
    text = objects.public_text(row.subject, row.message, row.tenant_message)
    return f'condition {row.uuid}: {text}'
