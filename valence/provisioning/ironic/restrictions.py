# SPDX-License-Identifier: Apache-2.0
"""Maintenance and retirement of nodes in Ironic because of conditions.

The reason in Ironic tells that Valence set a flag: whatever has another reason
was set by others, and stays.
"""

from collections.abc import Iterator
from typing import NamedTuple

from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node

from valence.common.types import JsonObject
from valence.provisioning import base
from valence.provisioning.ironic.attributes import MAX_TEXT

#: What a reason begins with.
MARK = 'Valence: '
# Ironic does not retire nodes in this state.
_AVAILABLE = 'available'


class Change(NamedTuple):
    """A flag to set or to unset.

    :param reason: None: it is unset.
    """

    flag: str
    reason: str | None


def changes(
    state: str, status: JsonObject, wanted: base.Restrictions
) -> list[Change]:
    """What has to be changed of a node; first what is set.

    A node in maintenance is given to nobody, so it need not be retired too:
    a retired one would not become available again without an operator.

    :param status: maintenance and retirement as Ironic shows them.
    """
    maintenance, retired = wanted.no_change, wanted.no_new_use
    if state == _AVAILABLE:
        maintenance = maintenance or retired
    if maintenance is not None:
        retired = None
    reasons = {'maintenance': maintenance, 'retired': retired}
    found = [*_changes(status, reasons)]
    return sorted(found, key=lambda change: change.reason is None)


def _changes(
    status: JsonObject, reasons: dict[str, str | None]
) -> Iterator[Change]:
    for flag, text in reasons.items():
        is_set, shown = status[flag], status[f'{flag}_reason'] or ''
        reason = None if text is None else f'{MARK}{text}'[:MAX_TEXT]
        if is_set is None or (is_set and not shown.startswith(MARK)):
            continue
        if (reason is not None) != is_set or (is_set and shown != reason):
            yield Change(flag, reason)


def send(
    client: _proxy.Proxy, node: sdk_node.Node, change: Change
) -> sdk_node.Node:
    """Set or unset a flag. To be called within ``calls.calling``."""
    if change.flag == 'retired':
        values: JsonObject = {'is_retired': change.reason is not None}
        if change.reason is not None:
            values['retired_reason'] = change.reason
        return client.update_node(node, retry_on_conflict=False, **values)
    if change.reason is not None:
        return client.set_node_maintenance(node, change.reason)
    return client.unset_node_maintenance(node)
