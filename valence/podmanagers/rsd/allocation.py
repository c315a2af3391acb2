# SPDX-License-Identifier: Apache-2.0
"""Nodes of an RSD pod manager that it is allocating, as a task or at once."""

import contextlib

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import node_uri
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import jobs
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.rsd import nodes
from valence.podmanagers.wire.client import Response

# What is recorded: that the task was asked to end.
_CANCELLED = 'cancelled'


def begun(
    driver: base.Driver,
    response: Response,
    request: base.ComposeRequest,
    deadline: Deadline,
) -> hardware.ComposedNode:
    """The node that a successful request has allocated, or will."""
    if response.status == 202:
        watched = tasks.watch(response) or tasks.Watch('')
        return node_uri.pending(watched.monitor, request, task=watched.task)
    uri = tasks.created_uri(response)
    if uri is None:
        raise exception.PodManagerUnavailable(
            reason='the pod manager allocated a node without its URI'
        )
    return node_uri.created(driver, uri, request, deadline)


def finish(
    client: Client,
    driver: base.Driver,
    known: NodeUri,
    deadline: Deadline,
) -> str:
    """The URI of the node that a task has allocated.

    :raises InProgress: while it runs, or the node does not show.
    :raises NoMatch: when it allocated none.
    """
    response = tasks.FORGOTTEN
    if known.uri:
        watched = tasks.Watch(known.uri, known.task)
        response = tasks.poll(client, watched, deadline).response
    if response.status == 409:
        raise exception.NoMatch(reason=nodes.conflict_reason(response))
    uri = None
    if response.status not in tasks.GONE:
        errors.check(response, known.uri)
        uri = tasks.created_uri(response)
    if uri is None:
        found = driver.find_composed(known.request(), deadline)
        uri = found.uri if found else None
    if uri is None:
        raise Settling(f'{known.uri or "a task"} has allocated no node')
    return uri


def cancel(
    client: Client,
    driver: base.Driver,
    known: NodeUri,
    deadline: Deadline,
    progress: Progress,
) -> str | None:
    """End allocating; the URI of the node if there is one anyway.

    :raises InProgress: while a task runs that the service does not cancel.
    """
    if known.uri:
        watched = tasks.Watch(known.uri, known.task)
        if progress.get(_CANCELLED) is None:
            jobs.request_cancel(client, watched, deadline)
            progress.record(_CANCELLED, 'yes')
        with contextlib.suppress(tasks.TaskFailed):
            tasks.poll(client, watched, deadline)
    found = driver.find_composed(known.request(), deadline)
    return found.uri if found else None
