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
from valence.provisioning.ironic import versions

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
# Boot modes of Redfish as Ironic calls them.
_BOOT_MODES = {'uefi': 'uefi', 'legacy': 'bios'}
# What is added in ``extra`` to the mark: the kinds of places of a site.
_PLACE = f'{MARK}_'
#: The fields that are compared, and those that are shown, as Ironic calls
#: them.
FIELDS = (
    *('uuid', 'provision_state', 'name', 'driver', 'driver_info'),
    *('resource_class', 'traits', 'owner', 'lessee', 'extra'),
    *('conductor_group', 'shard', 'maintenance', 'maintenance_reason'),
    *('fault', 'retired', 'retired_reason', 'health', 'last_error'),
)
#: How much of a reason or an error is kept.
MAX_TEXT = 1024


def expected(machine: base.Machine) -> JsonObject:
    """The attributes of a node in Ironic, without its name and traits."""
    options = cfg.CONF.ironic
    properties = {
        'cpus': machine.cpus,
        'memory_mb': machine.memory_mib,
        'local_gb': machine.disk_gib,
        'cpu_arch': _architecture(machine),
        'capabilities': ','.join(
            f'{name}:{value}' for name, value in _capabilities(machine)
        ),
    }
    attributes: JsonObject = {
        'driver': options.driver,
        'driver_info': driver_info(machine),
        'properties': {
            name: value for name, value in properties.items() if value
        },
        'resource_class': resource_class(machine),
        'extra': merge_extra(None, machine.site, machine.mark),
        **chosen(machine.site),
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


def _capabilities(machine: base.Machine) -> Iterable[tuple[str, str]]:
    """The configured capabilities; a required boot mode overrides them."""
    mode = _BOOT_MODES.get((machine.boot_mode or '').lower())
    required = {'boot_mode': mode} if mode else {}
    return {**cfg.CONF.ironic.capabilities, **required}.items()


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
    """The resource class of a node."""
    return class_name(
        machine.resource_class or str(cfg.CONF.ironic.resource_class)
    )


def class_name(name: str) -> str:
    """The resource class in Ironic of a resource class in Valence.

    A name that Ironic does not accept, or of which Nova would keep only
    underscores, becomes one in the form that placement has. It is always the
    same one for the same name.
    """
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


def chosen(site: base.Site, before: Registration | None = None) -> JsonObject:
    """Conductor group and shard, if they were chosen, or were before.

    :param before: what was handed over.
    """
    found: JsonObject = {}
    # Ironic stores the names of groups in lower case, and has one without a
    # name.
    if site.conductor_group is not None or 'conductor_group' in (before or {}):
        found['conductor_group'] = (site.conductor_group or '').lower()
    if site.shard is not None or 'shard' in (before or {}):
        found['shard'] = site.shard
    return found


def places(site: base.Site) -> JsonObject:
    """Where a node is, as its ``extra`` has it."""
    return {f'{_PLACE}{kind}': name for kind, name in site.places.items()}


def merge_extra(
    shown: JsonObject | None, site: base.Site, mark: str | None = None
) -> JsonObject:
    """The ``extra`` of a node; what others have set stays.

    :param mark: to set, if any.
    """
    kept = {k: v for k, v in (shown or {}).items() if k[:8] != _PLACE}
    return {**kept, **places(site), **({MARK: mark} if mark else {})}


def handed_over_site(
    site: base.Site, registered: Registration, version: versions.Version
) -> Registration:
    """What is recorded of a node that is at a site."""
    found: Registration = {**registered, 'extra': places(site)}
    found.pop('conductor_group', None)
    found.pop('shard', None)
    if site.conductor_group is not None and version.knows('conductor_group'):
        found['conductor_group'] = site.conductor_group.lower()
    if site.shard is not None and version.knows('shard'):
        found['shard'] = site.shard
    return found


def port(one: base.Port, version: versions.Version) -> JsonObject:
    """What is known of a port, as openstacksdk calls it."""
    found = {
        'local_link_connection': one.local_link_connection,
        'physical_network': one.physical_network,
        'pxe_enabled': one.pxe_enabled,
    }
    known = {k: v for k, v in version.only(found).items() if v is not None}
    if 'pxe_enabled' in known:
        known['is_pxe_enabled'] = known.pop('pxe_enabled')
    return known


def status(node: sdk_node.Node, unsupported: list[str]) -> JsonObject:
    """Maintenance and health, as ``managed_status`` of nodes has them."""
    return {
        'maintenance': node.is_maintenance,
        'maintenance_reason': _text(node.maintenance_reason),
        'fault': _text(node.fault),
        'retired': node.is_retired,
        'retired_reason': _text(node.retired_reason),
        # Earlier releases of openstacksdk do not know it.
        'health': _text(getattr(node, 'health', None)),
        'unsupported': unsupported,
    }


def error(node: sdk_node.Node) -> str | None:
    """The last error of a node."""
    return _text(node.last_error) or None


def _text(value: object) -> str | None:
    """A text that every database can store."""
    if value is None:
        return None
    return str(value).replace('\0', '')[:MAX_TEXT]


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
    if node.extra is not None:
        found['extra'] = {
            k: v for k, v in node.extra.items() if k.startswith(_PLACE)
        }
    if node.conductor_group is not None:
        found['conductor_group'] = node.conductor_group
    if node.shard is not None:
        found['shard'] = node.shard
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
    found: Registration = {
        **shown(node, macs),
        'driver_info': public_info(driver_info(machine)),
        'login': machine.revision,
    }
    # Others may choose what was not chosen here.
    if machine.site.conductor_group is None:
        found.pop('conductor_group', None)
    if machine.site.shard is None:
        found.pop('shard', None)
    return found


def _architecture(machine: base.Machine) -> str | None:
    if machine.architecture is None:
        return None
    name = machine.architecture.lower()
    return _ARCHITECTURES.get(name, name.replace('-', '_'))
