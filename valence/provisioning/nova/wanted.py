# SPDX-License-Identifier: Apache-2.0
"""What a flavor becomes in Nova.

Ironic has one resource of the class of a node, and nothing else is counted:
see https://docs.openstack.org/ironic/latest/install/configure-nova-flavors.html
"""

import dataclasses
import re
from collections.abc import Iterable
from collections.abc import Mapping

from oslo_config import cfg

from valence.common.amounts import least
from valence.common.identity import Mark
from valence.common.types import JsonObject
from valence.provisioning.ironic import attributes

#: What the extra specs begin with that are set, and removed, by Valence.
OWN = ('resources:', 'trait:')
_MAX_NAME = 255
_UNCOUNTED = ('VCPU', 'MEMORY_MB', 'DISK_GB')
# The greatest number that Nova stores.
_MAX = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Flavor:
    """A flavor as Nova should show it.

    :param uuid: its UUID, in Valence and in Nova.
    :param mark: what identifies it as one of this Valence.
    :param vcpus: for users to see, like ``ram_mib`` and ``disk_gib``.
    :param project_id: the only project that may use it; None: all may.
    :param specs: the extra specs.
    """

    uuid: str
    mark: Mark
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    project_id: str | None
    specs: Mapping[str, str]

    @property
    def fixed(self) -> JsonObject:
        """What Nova never changes, as openstacksdk calls it."""
        return {
            'name': self.name,
            'vcpus': self.vcpus,
            'ram': self.ram_mib,
            'disk': self.disk_gib,
            'is_public': self.project_id is None,
        }


def flavor(
    row: JsonObject,
    mark: Mark,
    resource_class: str | None = None,
    traits: Iterable[str] = (),
) -> Flavor:
    """What a flavor becomes.

    :param row: the columns of the flavor.
    :param resource_class: that its nodes are registered with; None: the
        default.
    :param traits: that its nodes are registered with, besides those that the
        flavor requires.
    """
    wanted = row['properties']
    required = (*wanted.get('traits', {}).get('required', ()), *traits)
    return Flavor(
        uuid=row['uuid'],
        mark=mark,
        name=f'{cfg.CONF.nova.flavor_prefix}{row["name"]}'[:_MAX_NAME],
        vcpus=_size(wanted.get('processor', {}).get('total_cores'), 1),
        ram_mib=_size(wanted.get('memory', {}).get('capacity_mib'), 1),
        disk_gib=max(
            (_size(one.get('capacity_gib'), 0) for one in _drives(wanted)),
            default=0,
        ),
        project_id=row['project_id'],
        specs=specs(resource_class or row['name'], required),
    )


def specs(resource_class: str, traits: Iterable[str]) -> dict[str, str]:
    """The extra specs of a flavor.

    :param resource_class: as its nodes have it in Valence.
    :param traits: that its nodes must have.
    """
    name = placement_class(attributes.class_name(resource_class))
    return {
        f'resources:{name}': '1',
        **{f'resources:{one}': '0' for one in _UNCOUNTED},
        **{f'trait:{one}': 'required' for one in traits},
    }


def placement_class(name: str) -> str:
    """The resource class in placement of one in Ironic, as Nova forms it."""
    return f'CUSTOM_{re.sub("[^0-9A-Za-z]+", "_", name).upper()}'


def _drives(wanted: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = wanted.get('storage', [])
    return found


def _size(amount: object, minimum: int) -> int:
    """A number that Nova accepts; ``minimum`` if there is none."""
    return min(max(least(amount), minimum), _MAX)  # type: ignore[arg-type]
