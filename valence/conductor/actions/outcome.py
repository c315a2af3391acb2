# SPDX-License-Identifier: Apache-2.0
"""Steps are over when the hardware shows it, not when it was promised."""

from oslo_config import cfg

from valence.common import exception
from valence.conductor.actions import guard
from valence.conductor.actions import steps
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.podmanagers import hardware
from valence.podmanagers import outcomes
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.outcomes import Settling

# What a service may respond with that has just composed a node.
NOT_READABLE = (exception.ResourceGone, exception.Unreadable)
# An intent: what the step has begun was ended, and it is being undone.
_CANCELLED = 'cancelled'


def release(run: Run, uri: str, erase: bool = False) -> bool:
    """Release the node of an operation, and look whether it is released.

    :param uri: of the node, or of the task that becomes it.
    :returns: whether all that was stored on it is known to be erased.
    :raises InProgress: while something of it remains.
    """
    driver = run.driver()
    parts = allocations.allocated_uris(run.target)
    erased = driver.release(
        uri,
        steps.request_deadline(run),
        run.progress(),
        erase=erase,
        parts=parts,
        existing=_existing(run, uri),
    )
    known = NodeUri.parse(uri)
    outcomes.check_released(
        driver,
        None if known.mark is not None else known.uri,
        parts,
        lambda seen: guard.is_node(run, seen),
        run.idempotent(cfg.CONF.conductor.sync_timeout),
    )
    return erased


def _existing(run: Run, uri: str) -> set[str]:
    """What existed before a node that is only a task yet was requested."""
    if NodeUri.parse(uri).mark is None:
        return set()
    existing = guard.existing(run)
    if existing is not None:
        return existing
    # Nothing tells what is new: what exists now is left alone.
    return run.driver().node_uris(steps.request_deadline(run))


def check_free(run: Run) -> None:
    """Check that no part of the node is in use: it may just not be listed.

    :raises Settling: while one is.
    """
    outcomes.check_released(
        run.driver(),
        None,
        allocations.allocated_uris(run.target),
        lambda seen: guard.is_node(run, seen),
        run.idempotent(cfg.CONF.conductor.sync_timeout),
    )


def read_composed(run: Run, uri: str) -> hardware.ComposedNode:
    """Read a node that was composed just now.

    :raises Settling: while it cannot be read.
    """
    try:
        return run.driver().read_node(uri, steps.request_deadline(run))
    except NOT_READABLE as exc:
        raise not_readable(exc) from exc


def not_readable(exc: exception.PodManagerError) -> Settling:
    """What says that a node that was composed just now cannot be read."""
    return Settling(f'{exc}, though the pod manager has composed it')


def check_unused(run: Run, existing: set[str], parts: list[str]) -> None:
    """Check that a request to compose, whose answer was lost, did nothing.

    :param existing: the URIs that existed before it.
    :param parts: the URIs of what was to be composed.
    :raises Settling: while what it composed may just not be readable, or not
        be listed, yet.
    """
    driver, deadline = run.driver(), steps.request_deadline(run)
    for uri in driver.node_uris(deadline) - existing:
        read_composed(run, uri)
    outcomes.check_released(driver, None, parts, lambda seen: False, deadline)


def check_attached(run: Run, part: str) -> hardware.ComposedNode:
    """Check that the node of an operation has a part.

    :returns: the node.
    :raises Settling: while it has not.
    """
    deadline = steps.request_deadline(run)
    node = run.driver().read_node(allocations.node_uri(run.target), deadline)
    outcomes.check_joined(run.driver(), node, [part], deadline)
    return node


def check_detached(run: Run, part: str) -> hardware.ComposedNode:
    """Check that the node of an operation does not have a part.

    :returns: the node.
    :raises Settling: while it has.
    """
    node = run.driver().read_node(
        allocations.node_uri(run.target), steps.request_deadline(run)
    )
    outcomes.check_detached(node, part)
    return node


def cancel(run: Run) -> None:
    """End what the current step has begun, where the pod manager allows.

    :raises InProgress: while it is in progress.
    """
    if _CANCELLED in run.not_undone()[-1].intent:
        # What goes on now is what undoes the step.
        return
    progress = run.progress()
    if progress.facts():
        run.driver().cancel(steps.request_deadline(run), progress)
    run.record_intent(_CANCELLED, True)
