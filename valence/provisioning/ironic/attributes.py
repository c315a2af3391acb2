# SPDX-License-Identifier: Apache-2.0
"""What is handed over to Ironic of a node, and what it shows of that."""

import hashlib
import re
from collections.abc import Iterable

from openstack.baremetal.v1 import node as sdk_node
from oslo_config import cfg
from oslo_utils import strutils

from valence.common.types import JsonObject
from valence.objects.registration import Registration
from valence.provisioning import base

_MAX_TRAITS = 50
# Names of processor architectures in Ironic and Nova.
_ARCHITECTURES = {'x86-64': 'x86_64', 'arm-a64': 'aarch64', 'x86': 'i686'}
_STANDARD_TRAITS = {'x86_64': 'HW_ARCH_X86_64', 'aarch64': 'HW_ARCH_AARCH64'}
# The longest resource class that Ironic accepts.
_MAX_CLASS = 80
_CONNECTION = 'redfish_'
# What the connection of a node consists of; the system never changes.
_CONNECTION_KEYS = tuple(
    f'{_CONNECTION}{name}'
    for name in ('address', 'auth_type', 'username', 'password', 'verify_ca')
)
#: Where Ironic keeps the mark of a node of Valence, in its ``extra``.
MARK = 'valence'
#: The fields that are compared, and the state, as Ironic calls them.
FIELDS = (
    *('uuid', 'provision_state', 'name', 'driver', 'driver_info'),
    *('resource_class', 'traits', 'owner', 'lessee'),
)


def expected(machine: base.Machine) -> JsonObject:
    """The attributes of a node in Ironic, without its name and traits."""
    options = cfg.CONF.ironic
    properties = {
        'cpus': machine.cpus,
        'memory_mb': machine.memory_mib,
        'local_gb': machine.disk_gib,
        'cpu_arch': _architecture(machine),
        'capabilities': ','.join(
            f'{name}:{value}' for name, value in options.capabilities.items()
        ),
    }
    attributes: JsonObject = {
        'driver': options.driver,
        'driver_info': driver_info(machine),
        'properties': {
            name: value for name, value in properties.items() if value
        },
        'resource_class': resource_class(machine),
        'extra': {MARK: machine.mark},
    }
    # A lessee can use a node. An owner could also read and change its
    # driver_info, and with that have Ironic send the login of the pod manager
    # to another service.
    if machine.project_id is not None:
        attributes['lessee'] = machine.project_id
    if options.owner is not None:
        attributes['owner'] = options.owner
    for kind, name in options.interfaces.items():
        attributes[f'{kind}_interface'] = name
    return attributes


def names(machine: base.Machine) -> tuple[str, str]:
    """The names that a node can be given: names are unique in Ironic."""
    # Names in Ironic are valid host names.
    name = re.sub(r'[^A-Za-z0-9._~-]', '-', machine.name)[:200]
    return name, f'{name}-{machine.uuid}'


def new_name(machine: base.Machine, node: sdk_node.Node) -> str | None:
    """Another name for a node that exists; None: it keeps what it has.

    A node that was registered before, and has another name than it was given,
    was renamed by an operator.
    """
    possible = names(machine)
    if node.name in possible:
        return None
    ours = (node.extra or {}).get(MARK) == machine.mark
    if ours or machine.registered is not None:
        given = (machine.registered or {}).get('name')
        if node.name != given:
            return None
    return possible[0]


def driver_info(machine: base.Machine) -> JsonObject:
    """The driver_info of a node, with its password."""
    return {
        **cfg.CONF.ironic.driver_info,
        f'{_CONNECTION}system_id': machine.system,
        **connection(machine),
    }


def connection(login: base.Login) -> JsonObject:
    """The part of the driver_info with the address and the login."""
    info: JsonObject = {
        f'{_CONNECTION}address': login.address,
        f'{_CONNECTION}auth_type': login.auth_type,
    }
    if login.username is not None:
        info[f'{_CONNECTION}username'] = login.username
        info[f'{_CONNECTION}password'] = login.password
    if login.insecure:
        info[f'{_CONNECTION}verify_ca'] = False
    elif cfg.CONF.ironic.verify_ca:
        info[f'{_CONNECTION}verify_ca'] = cfg.CONF.ironic.verify_ca
    return info


def merge_info(info: JsonObject, new: JsonObject) -> JsonObject:
    """A driver_info with new values; what others have set stays."""
    kept = {k: v for k, v in info.items() if k not in _CONNECTION_KEYS}
    return {**kept, **new}


def resource_class(machine: base.Machine) -> str:
    """The resource class of a node.

    A name that Ironic does not accept, or of which Nova would keep only
    underscores, becomes one in the form that placement has. It is always the
    same one for the same name.
    """
    name = machine.resource_class or str(cfg.CONF.ironic.resource_class)
    if len(name) <= _MAX_CLASS and name.isascii():
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12].upper()
    plain = re.sub(r'[^A-Z0-9]+', '_', name.upper()).strip('_')
    plain = plain.removeprefix('CUSTOM_')
    room = _MAX_CLASS - len(f'CUSTOM__{digest}')
    return '_'.join(
        part for part in ('CUSTOM', plain[:room].strip('_'), digest) if part
    )


def traits(machine: base.Machine) -> list[str]:
    """The traits of a node."""
    standard = _STANDARD_TRAITS.get(_architecture(machine) or '')
    found = [*([standard] if standard else ()), *machine.traits]
    return list(dict.fromkeys(found))[:_MAX_TRAITS]


def shown(node: sdk_node.Node, macs: Iterable[str] | None) -> Registration:
    """What Ironic shows of a node.

    :param macs: the MAC addresses of its ports, if they are known.
    """
    found: Registration = {
        'name': node.name or '',
        'driver': node.driver,
        'resource_class': node.resource_class,
        'owner': node.owner,
        'lessee': node.lessee,
    }
    if macs is not None:
        found['macs'] = sorted(macs)
    info = public_info(node.driver_info or {})
    if f'{_CONNECTION}address' in info:
        # Otherwise the policy of Ironic hides it.
        found['driver_info'] = info
    if node.traits is not None:
        found['traits'] = sorted(node.traits)
    return found


def public_info(info: JsonObject) -> JsonObject:
    """A driver_info without secrets."""
    masked = strutils.mask_dict_password(info, secret='')
    return {
        name: value for name, value in info.items() if masked[name] == value
    }


def handed_over(
    machine: base.Machine, node: sdk_node.Node, macs: Iterable[str]
) -> Registration:
    """What is recorded of a node that was handed over.

    :param node: the node as it was read back: Ironic may have defaults, and
        a node that is in use keeps what it has.
    """
    return {
        **shown(node, macs),
        'driver_info': public_info(driver_info(machine)),
        'login': machine.revision,
    }


def _architecture(machine: base.Machine) -> str | None:
    if machine.architecture is None:
        return None
    name = machine.architecture.lower()
    return _ARCHITECTURES.get(name, name.replace('-', '_'))
