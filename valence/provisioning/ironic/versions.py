# SPDX-License-Identifier: Apache-2.0
"""What the API version of an Ironic knows.

openstacksdk negotiates the newest version that it and Ironic support. What
that version lacks is left out of requests, which Ironic would reject.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import TypeVar

from openstack import utils
from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node

T = TypeVar('T')

#: The first minor version of 1 that has a field of nodes or ports.
_SINCE = {
    'pxe_enabled': 19,
    'local_link_connection': 19,
    'resource_class': 21,
    'physical_network': 34,
    'traits': 37,
    'fault': 42,
    'conductor_group': 46,
    'owner': 50,
    'description': 51,
    'retired': 61,
    'retired_reason': 61,
    'lessee': 65,
    'shard': 82,
    'health': 109,
}


class Version:
    """The version that is spoken with an Ironic.

    To be created within ``calls.calling``.
    """

    def __init__(self, client: _proxy.Proxy) -> None:
        version = utils.maximum_supported_microversion(
            client, sdk_node.Node._max_microversion
        )
        self._minor = int((version or '1.1').partition('.')[2])

    def knows(self, name: str) -> bool:
        """Whether nodes and ports have a field."""
        return _SINCE.get(name, 1) <= self._minor

    def known(self, names: Iterable[str]) -> list[str]:
        """Those of some fields that exist."""
        return [name for name in names if self.knows(name)]

    def only(self, values: Mapping[str, T]) -> dict[str, T]:
        """The values of those fields that exist."""
        return {n: value for n, value in values.items() if self.knows(n)}

    @property
    def unsupported(self) -> list[str]:
        """The fields that do not exist."""
        return sorted(name for name in _SINCE if not self.knows(name))
