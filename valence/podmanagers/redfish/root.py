# SPDX-License-Identifier: Apache-2.0
"""What a service root says about the service."""

from valence.common.types import JsonObject
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.values import obj

# The properties that link what the inventory is read from.
PLACES = (
    *('Systems', 'Chassis', 'CompositionService', 'ResourceBlocks'),
    *('ResourceZones', 'Nodes', 'StorageServices', 'Services'),
)


def rsd_nodes(root: JsonObject) -> str | None:
    """The URI of an RSD pod manager's nodes; each generation has its own."""
    oem = obj(root.get('Oem'))
    for place in (
        root,
        obj(oem.get('Intel_RackScale')),
        obj(oem.get('Intel:RackScale')),
    ):
        uri = link(place.get('Nodes'))
        if uri:
            return uri
    return None


def expands(root: JsonObject) -> bool:
    """Whether the service says that it supports ``$expand=.``."""
    features = obj(root.get('ProtocolFeaturesSupported'))
    return obj(features.get('ExpandQuery')).get('NoLinks') is True


def is_enabled(service: JsonObject) -> bool:
    """Whether a service, such as that of events, is enabled."""
    return service.get('ServiceEnabled') not in (False, 'false')
