# SPDX-License-Identifier: Apache-2.0
"""Ironic. Its node has the UUID of the node in Valence.

Ironic is asked which steps are done already; a node that is in use is never
changed. See https://docs.openstack.org/ironic/latest/user/states.html for the
states of a node and the requests that are valid in each.
"""

import contextlib
import re
import threading
from collections.abc import Iterable
from collections.abc import Iterator
from typing import NamedTuple

import openstack
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import loading
from openstack import exceptions as sdk_exceptions
from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node
from oslo_config import cfg

from valence.common import exception
from valence.common.types import JsonObject
from valence.provisioning import base

_POLL_SECONDS = 2.0
_MAX_TRAITS = 50
# Names of processor architectures in Ironic and Nova.
_ARCHITECTURES = {'x86-64': 'x86_64', 'arm-a64': 'aarch64', 'x86': 'i686'}
_STANDARD_TRAITS = {'x86_64': 'HW_ARCH_X86_64', 'aarch64': 'HW_ARCH_AARCH64'}
# A node that is not in use is in one of these states.
_UNUSED = ('enroll', 'manageable')
# The states in which a node can be deleted, and those from which it can be
# moved to one of them.
_REMOVABLE = ('enroll', 'manageable', 'adopt failed')
_MANAGEABLE = ('available', 'inspect failed', 'clean failed')
_ABORTABLE = ('inspect wait', 'clean wait')
_TRANSIENT = ('verifying', 'inspecting', 'cleaning', *_ABORTABLE)

# Errors of a wrong configuration.
_MISCONFIGURED = (
    ksa_exceptions.AuthPluginException,
    ksa_exceptions.CatalogException,
)


class _Goal(NamedTuple):
    """The states in which a goal can be requested, is pending, is reached."""

    before: tuple[str, ...]
    pending: tuple[str, ...]
    reached: tuple[str, ...]


_GOALS = {
    'manage': _Goal(
        ('enroll', 'inspect failed', 'clean failed', 'adopt failed'),
        ('verifying',),
        ('manageable', 'available', 'active'),
    ),
    'inspect': _Goal(
        ('manageable', 'inspect failed'),
        ('inspecting', 'inspect wait'),
        ('manageable', 'available', 'active'),
    ),
    'provide': _Goal(
        ('manageable',),
        ('cleaning', 'clean wait'),
        ('available', 'active'),
    ),
}


class Ironic(base.Provisioner):
    """OpenStack Bare Metal."""

    name = 'ironic'

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._proxy: _proxy.Proxy | None = None

    @property
    def _client(self) -> _proxy.Proxy:
        """The proxy of openstacksdk, authenticated as [ironic] configures."""
        with self._lock:
            if self._proxy is None:
                auth = loading.load_auth_from_conf_options(cfg.CONF, self.name)
                if auth is None:
                    raise exception.ProvisioningError(
                        reason='Ironic is not configured: '
                        '[ironic] auth_type is not set'
                    )
                session = loading.load_session_from_conf_options(
                    cfg.CONF, self.name, auth=auth
                )
                self._proxy = openstack.connection.Connection(
                    session=session,
                    oslo_conf=cfg.CONF,
                    service_types=['baremetal'],
                ).baremetal
            return self._proxy

    def _find(self, uuid: str) -> sdk_node.Node | None:
        """The node, or None."""
        try:
            return self._client.get_node(uuid)
        except sdk_exceptions.NotFoundException:
            return None

    def state(self, uuid: str, deadline: base.Deadline) -> str | None:
        with _calling(deadline):
            node = self._find(uuid)
        return node.provision_state if node is not None else None

    def states(
        self, uuids: Iterable[str], deadline: base.Deadline
    ) -> dict[str, str]:
        with _calling(deadline):
            listed = {
                node.id: node.provision_state
                for node in self._client.nodes(
                    fields=['uuid', 'provision_state']
                )
            }
        # A list may omit nodes that exist.
        return {
            uuid: listed.get(uuid)
            or self.state(uuid, deadline)
            or base.MISSING
            for uuid in uuids
        }

    def enroll(self, machine: base.Machine, deadline: base.Deadline) -> str:
        wanted = _attributes(machine)
        with _calling(deadline):
            node = self._find(machine.uuid)
            if node is None:
                node = self._create(machine, wanted)
            elif node.provision_state in _UNUSED:
                node = self._client.update_node(node, **wanted)
            else:
                return str(node.provision_state)
        with _calling(deadline):
            self._client.set_node_traits(node, _traits(machine))
        return str(node.provision_state)

    def _create(
        self, machine: base.Machine, wanted: JsonObject
    ) -> sdk_node.Node:
        try:
            return self._client.create_node(id=machine.uuid, **wanted)
        except sdk_exceptions.ConflictException:
            # Names are unique in Ironic, but in Valence within a project only.
            if self._find(machine.uuid) is not None:
                raise
            wanted['name'] = f'{wanted["name"]}-{machine.uuid}'
            return self._client.create_node(id=machine.uuid, **wanted)

    def create_ports(
        self, machine: base.Machine, deadline: base.Deadline
    ) -> list[str]:
        with _calling(deadline):
            known = {
                port.address.lower()
                for port in self._client.ports(node=machine.uuid)
            }
        for mac in machine.macs:
            if mac not in known:
                with _calling(deadline):
                    self._client.create_port(node_id=machine.uuid, address=mac)
        return sorted(known | set(machine.macs))

    def request_goal(
        self, uuid: str, goal: str, deadline: base.Deadline
    ) -> None:
        wanted = _GOALS[goal]
        with _calling(deadline):
            node = self._client.get_node(uuid)
            if node.provision_state in wanted.before:
                self._client.set_node_provision_state(node, goal)
            elif node.provision_state not in wanted.pending + wanted.reached:
                raise exception.ProvisioningConflict(
                    reason=f'the node is {node.provision_state} in Ironic, '
                    f'which does not allow {goal}'
                )

    def poll_goal(self, uuid: str, goal: str, deadline: base.Deadline) -> str:
        wanted = _GOALS[goal]
        with _calling(deadline):
            node = self._client.get_node(uuid)
        state = str(node.provision_state)
        if state in wanted.pending:
            raise base.InProgress(
                _POLL_SECONDS, f'the node is {state} in Ironic'
            )
        if state not in wanted.reached:
            raise exception.ProvisioningFailed(
                summary=f'{goal} failed in Ironic, where the node is {state}',
                detail=node.last_error or 'no reason given',
            )
        return state

    def remove(
        self, uuid: str, deadline: base.Deadline, *, undo: bool = False
    ) -> None:
        with _calling(deadline):
            node = self._find(uuid)
            if node is None:
                return
            state = node.provision_state
            if node.instance_id:
                raise exception.ProvisioningConflict(
                    reason=f'the node has the instance {node.instance_id} in '
                    f'Ironic, where it is {state}'
                )
            if state in _REMOVABLE:
                self._client.delete_node(node)
                return
            if state in _MANAGEABLE:
                self._client.set_node_provision_state(node, 'manage')
            elif not undo or state not in _TRANSIENT:
                raise exception.ProvisioningConflict(
                    reason=f'the node is in use in Ironic, where it is {state}'
                )
            elif state in _ABORTABLE:
                self._client.set_node_provision_state(node, 'abort')
        raise base.InProgress(_POLL_SECONDS, f'the node is {state} in Ironic')


def _attributes(machine: base.Machine) -> JsonObject:
    """The attributes of the node in Ironic."""
    options = cfg.CONF.ironic
    architecture = _architecture(machine)
    properties = {
        'cpus': machine.cpus,
        'memory_mb': machine.memory_mib,
        'local_gb': machine.disk_gib,
        'cpu_arch': architecture,
        'capabilities': ','.join(
            f'{name}:{value}' for name, value in options.capabilities.items()
        ),
    }
    attributes: JsonObject = {
        # Names in Ironic are valid host names.
        'name': re.sub(r'[^A-Za-z0-9._~-]', '-', machine.name)[:200],
        'driver': options.driver,
        'driver_info': _driver_info(machine),
        'properties': {
            name: value for name, value in properties.items() if value
        },
        'resource_class': machine.resource_class or options.resource_class,
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


def _driver_info(machine: base.Machine) -> JsonObject:
    options = cfg.CONF.ironic
    info: JsonObject = {
        **options.driver_info,
        'redfish_address': machine.address,
        'redfish_system_id': machine.system,
        'redfish_auth_type': machine.auth_type,
    }
    if machine.username is not None:
        info['redfish_username'] = machine.username
        info['redfish_password'] = machine.password
    if machine.insecure:
        info['redfish_verify_ca'] = False
    elif options.verify_ca:
        info['redfish_verify_ca'] = options.verify_ca
    return info


def _architecture(machine: base.Machine) -> str | None:
    if machine.architecture is None:
        return None
    name = machine.architecture.lower()
    return _ARCHITECTURES.get(name, name.replace('-', '_'))


def _traits(machine: base.Machine) -> list[str]:
    standard = _STANDARD_TRAITS.get(_architecture(machine) or '')
    found = [*([standard] if standard else ()), *machine.traits]
    return list(dict.fromkeys(found))[:_MAX_TRAITS]


@contextlib.contextmanager
def _calling(deadline: base.Deadline) -> Iterator[None]:
    """Translate the exceptions of a call of Ironic."""
    if deadline.left() <= 0:
        raise exception.ProvisioningUnavailable(reason='timed out')
    try:
        yield
    except ksa_exceptions.Unauthorized as exc:
        raise _rejected('rejected the credentials of [ironic]', exc) from exc
    except ksa_exceptions.ClientException as exc:
        raise _unreachable(exc) from exc
    except sdk_exceptions.HttpException as exc:
        raise _from_response(exc) from exc
    except sdk_exceptions.SDKException as exc:
        raise _unreachable(exc) from exc


def _from_response(exc: sdk_exceptions.HttpException) -> Exception:
    """The exception for an error response."""
    status = exc.status_code or 0
    text = str(exc.details or exc.message)
    # Ironic locks a node while it works on it.
    if status == 409 and ' locked' in text:
        return base.InProgress(_POLL_SECONDS, f'Ironic responded: {text}')
    if status == 401:
        return _rejected('rejected the credentials of [ironic]', exc)
    if status == 403:
        return _rejected('denied the request to the user of [ironic]', exc)
    if status >= 500:
        return exception.ProvisioningUnavailable(
            reason=f'Ironic responded {status}: {text[:1000]}'
        )
    return exception.ProvisioningRejected(
        reason=f'Ironic responded: {text[:1000]}'
    )


def _rejected(what: str, exc: Exception) -> exception.ProvisioningError:
    text = getattr(exc, 'details', None) or str(exc)
    return exception.ProvisioningRejected(
        reason=f'Ironic {what}: {text[:500]}'
    )


def _unreachable(exc: Exception) -> exception.ProvisioningError:
    """The exception for a request without a response."""
    text = str(exc).strip() or type(exc).__name__
    line = text.splitlines()[0][:500]
    if isinstance(exc, _MISCONFIGURED):
        return exception.ProvisioningError(
            reason=f'[ironic] does not configure a usable Ironic: {line}'
        )
    return exception.ProvisioningUnavailable(
        reason=f'Ironic is unreachable: {line}'
    )
