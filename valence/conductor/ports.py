# SPDX-License-Identifier: Apache-2.0
"""The network interfaces of nodes, for provisioners.

What was requested for one comes before what the hardware shows of it.
"""

from collections.abc import Collection
from collections.abc import Mapping

from valence.common import exception
from valence.common.identity import mac
from valence.common.types import JsonObject
from valence.objects.registration import Registration
from valence.podmanagers.hardware import Wiring
from valence.provisioning import base

_LINK = ('switch_id', 'port_id', 'switch_info')


def requested(
    how: JsonObject, registered: Registration | None
) -> list[JsonObject]:
    """What was requested for ports now, or at an earlier registration.

    :param how: what was requested, as the API has it.
    """
    found = how.get('ports')
    if found is None:
        found = (registered or {}).get('ports', [])
    return list(found)


def check(how: JsonObject, macs: Collection[str]) -> None:
    """Refuse what was requested for ports that the node does not have.

    :raises Conflict: naming one.
    """
    for one in how.get('ports') or ():
        if mac(one['address']) not in macs:
            known = ', '.join(sorted(macs)) or 'none'
            raise exception.Conflict(
                f'ports: the node has no network interface with the address '
                f'{one["address"]}; it has {known}.'
            )


def of_node(
    macs: Collection[str],
    wiring: Mapping[str, Wiring],
    requests: Collection[JsonObject],
) -> tuple[base.Port, ...]:
    """The network interfaces of a node.

    :param wiring: what its hardware shows of their connections.
    :param requests: what was requested for some of them.
    """
    chosen = {mac(one['address']): one for one in requests}
    return tuple(
        _port(address, wiring.get(address, {}), chosen.get(address, {}))
        for address in macs
    )


def _port(address: str, known: Wiring, chosen: JsonObject) -> base.Port:
    shown = {name: str(v) for name, v in known.items() if name in _LINK}
    return base.Port(
        address,
        chosen.get('local_link_connection') or shown or None,
        chosen.get('physical_network'),
        chosen.get('pxe_enabled', known.get('pxe_enabled')),
    )
