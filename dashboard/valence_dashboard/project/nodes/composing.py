# SPDX-License-Identifier: Apache-2.0
"""Requests that compose several nodes, or one instead of a failed one."""

import time
from typing import Any

from django.utils.translation import gettext as _

from valence_dashboard import api
from valence_dashboard.exceptions import Error
from valence_dashboard.exceptions import NotFound

#: The most nodes that one form composes.
MOST = 50
# Seconds that a page waits for the end of a failed node.
_PATIENCE = 10


def compose(
    client: api.Client, body: dict[str, Any], count: int
) -> tuple[list[str], dict[str, Error]]:
    """Compose nodes; each is an operation of its own.

    :returns: the UUIDs of the nodes, and the errors of the others by name.
    """
    name = body.get('name', '')
    names = [name] if count == 1 else [f'{name}-{n + 1}' for n in range(count)]
    made, failed = [], {}
    for one in names:
        try:
            made.append(client.compose_node(**{**body, 'name': one}).id)
        except Error as exc:
            failed[one] = exc
    return made, failed


def describe(failed: dict[str, Error]) -> str:
    """Return which nodes were rejected, and why."""
    names: dict[str, list[str]] = {}
    for name, exc in failed.items():
        names.setdefault(str(exc), []).append(name)
    return ' '.join(
        f'{", ".join(listed)}: {reason}' for reason, listed in names.items()
    )


def is_failed(node: api.Record) -> bool:
    """Return whether a node was never composed, as a list shows it."""
    return bool(
        node.provision_state == 'error'
        and node.power_state == 'unknown'
        and not (node.allowable or node.fault or node.managed_by)
    )


def delete_failed(client: api.Client, uuid: str | None) -> None:
    """Delete a node that was never composed, and wait for its end.

    :raises Error: if it may have hardware, or is not deleted in time.
    """
    if not uuid:
        return
    end = time.monotonic() + _PATIENCE
    is_requested = False
    while True:
        try:
            node = api.Record(client.get_node(uuid).api_fields())
        except NotFound:
            return
        if not is_requested and node.provision_state != 'releasing':
            if not is_failed(node) or node.systems or node.devices:
                raise Error(_('%s has hardware: release it.') % node.name)
            client.delete_node(uuid)
            is_requested = True
        if time.monotonic() > end:
            raise Error(
                _('%s is being deleted. Please try again later.') % node.name
            )
        time.sleep(0.5)
