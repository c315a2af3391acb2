# SPDX-License-Identifier: Apache-2.0
"""Ironic: the node there bears the UUID of the node here.

It is Ironic that is asked what was done already; a node that somebody has put
to work there is never changed. Its states and what may be asked in them are
those of https://docs.openstack.org/ironic/latest/user/states.html.
"""

import contextlib
import re
import threading
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import openstack
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import loading
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg

from valence.common import exception
from valence.provisioning import base

_POLL_SECONDS = 2.0
_MAX_TRAITS = 50
# What Ironic and Nova call the architectures of processors.
_ARCHITECTURES = {'x86-64': 'x86_64', 'arm-a64': 'aarch64', 'x86': 'i686'}
_STANDARD_TRAITS = {'x86_64': 'HW_ARCH_X86_64', 'aarch64': 'HW_ARCH_AARCH64'}
# Nobody minds when a node in one of these is changed.
_OURS = ('enroll', 'manageable')
# A node is removed in these, and brought to them from those.
_REMOVABLE = ('enroll', 'manageable', 'adopt failed')
_RETREATS = ('available', 'inspect failed', 'clean failed')
_ABORTABLE = ('inspect wait', 'clean wait')
_PASSING = ('verifying', 'inspecting', 'cleaning', *_ABORTABLE)


_MISCONFIGURED = (
    ksa_exceptions.AuthPluginException,
    ksa_exceptions.CatalogException,
)


class _Goal(NamedTuple):
    """In which states a goal can be asked for, is worked at, is reached."""

    begins: tuple[str, ...]
    during: tuple[str, ...]
    ends: tuple[str, ...]


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
        self._made: Any = None

    @property
    def _client(self) -> Any:
        """The proxy of openstacksdk, with the login of [ironic]."""
        with self._lock:
            if self._made is None:
                auth = loading.load_auth_from_conf_options(cfg.CONF, self.name)
                if auth is None:
                    raise exception.ProvisioningError(
                        reason='no Ironic is configured: auth_type of '
                        '[ironic] is not set'
                    )
                session = loading.load_session_from_conf_options(
                    cfg.CONF, self.name, auth=auth
                )
                self._made = openstack.connection.Connection(
                    session=session,
                    oslo_conf=cfg.CONF,
                    service_types=['baremetal'],
                ).baremetal
            return self._made

    def _find(self, uuid: str) -> Any:
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
        # What a list leaves out may be there all the same.
        return {
            uuid: listed.get(uuid)
            or self.state(uuid, deadline)
            or base.MISSING
            for uuid in uuids
        }

    def enrol(self, machine: base.Machine, deadline: base.Deadline) -> str:
        wanted = _attributes(machine)
        with _calling(deadline):
            node = self._find(machine.uuid)
            if node is None:
                node = self._create(machine, wanted)
            elif node.provision_state in _OURS:
                node = self._client.update_node(node, **wanted)
            else:
                return str(node.provision_state)
        with _calling(deadline):
            self._client.set_node_traits(node, _traits(machine))
        return str(node.provision_state)

    def _create(self, machine: base.Machine, wanted: dict[str, Any]) -> Any:
        try:
            return self._client.create_node(id=machine.uuid, **wanted)
        except sdk_exceptions.ConflictException:
            # Names are unique in Ironic, here only within a project.
            if self._find(machine.uuid) is not None:
                raise
            wanted['name'] = f'{wanted["name"]}-{machine.uuid}'
            return self._client.create_node(id=machine.uuid, **wanted)

    def connect(
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

    def begin(self, uuid: str, goal: str, deadline: base.Deadline) -> None:
        wanted = _GOALS[goal]
        with _calling(deadline):
            node = self._client.get_node(uuid)
            if node.provision_state in wanted.begins:
                self._client.set_node_provision_state(node, goal)
            elif node.provision_state not in wanted.during + wanted.ends:
                raise exception.ProvisioningConflict(
                    reason=f'Ironic has the node in the state '
                    f'{node.provision_state}, from which it cannot {goal} it'
                )

    def reach(self, uuid: str, goal: str, deadline: base.Deadline) -> str:
        wanted = _GOALS[goal]
        with _calling(deadline):
            node = self._client.get_node(uuid)
        state = str(node.provision_state)
        if state in wanted.during:
            raise base.InProgress(
                _POLL_SECONDS, f'Ironic has the node in the state {state}'
            )
        if state not in wanted.ends:
            raise exception.ProvisioningFailed(
                summary=f'Ironic could not {goal} the node, which is in the '
                f'state {state}',
                detail=node.last_error or 'no reason given',
            )
        return state

    def withdraw(
        self, uuid: str, deadline: base.Deadline, *, undo: bool = False
    ) -> None:
        with _calling(deadline):
            node = self._find(uuid)
            if node is None:
                return
            state = node.provision_state
            if node.instance_id:
                raise exception.ProvisioningConflict(
                    reason=f'Ironic has the instance {node.instance_id} on '
                    f'the node, which is in the state {state}'
                )
            if state in _REMOVABLE:
                self._client.delete_node(node)
                return
            if state in _RETREATS:
                self._client.set_node_provision_state(node, 'manage')
            elif not undo or state not in _PASSING:
                raise exception.ProvisioningConflict(
                    reason=f'Ironic has the node in use: it is in the state '
                    f'{state}'
                )
            elif state in _ABORTABLE:
                self._client.set_node_provision_state(node, 'abort')
        raise base.InProgress(
            _POLL_SECONDS, f'Ironic has the node in the state {state}'
        )


def _attributes(machine: base.Machine) -> dict[str, Any]:
    """What Ironic is told of a node."""
    options = cfg.CONF.ironic
    architecture = _architecture(machine)
    properties: dict[str, Any] = {
        'cpus': machine.cpus,
        'memory_mb': machine.memory_mib,
        'local_gb': machine.disk_gib,
        'cpu_arch': architecture,
        'capabilities': ','.join(
            f'{name}:{value}' for name, value in options.capabilities.items()
        ),
    }
    attributes: dict[str, Any] = {
        # Ironic takes what could be the name of a host.
        'name': re.sub(r'[^A-Za-z0-9._~-]', '-', machine.name)[:200],
        'driver': options.driver,
        'driver_info': _driver_info(machine),
        'properties': {
            name: value for name, value in properties.items() if value
        },
        'resource_class': machine.resource_class or options.resource_class,
    }
    if machine.project_id is not None:
        attributes['owner'] = attributes['lessee'] = machine.project_id
    for kind, name in options.interfaces.items():
        attributes[f'{kind}_interface'] = name
    return attributes


def _driver_info(machine: base.Machine) -> dict[str, Any]:
    options = cfg.CONF.ironic
    info: dict[str, Any] = {
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
    told = machine.architecture.lower()
    return _ARCHITECTURES.get(told, told.replace('-', '_'))


def _traits(machine: base.Machine) -> list[str]:
    standard = _STANDARD_TRAITS.get(_architecture(machine) or '')
    found = [*([standard] if standard else ()), *machine.traits]
    return list(dict.fromkeys(found))[:_MAX_TRAITS]


@contextlib.contextmanager
def _calling(deadline: base.Deadline) -> Iterator[None]:
    """Call Ironic, and say in words of ours what goes wrong."""
    if deadline.left() <= 0:
        raise exception.ProvisioningUnavailable(reason='timed out')
    try:
        yield
    except ksa_exceptions.Unauthorized as exc:
        raise _refused('does not take the login of [ironic]', exc) from exc
    except ksa_exceptions.ClientException as exc:
        raise _unreachable(exc) from exc
    except sdk_exceptions.HttpException as exc:
        raise _said(exc) from exc
    except sdk_exceptions.SDKException as exc:
        raise _unreachable(exc) from exc


def _said(exc: Any) -> Exception:
    """What to make of an answer that says no."""
    status = exc.status_code or 0
    words = str(exc.details or exc.message)
    # A node is locked while Ironic is at work on it.
    if status == 409 and ' locked' in words:
        return base.InProgress(_POLL_SECONDS, f'Ironic says: {words}')
    if status == 401:
        return _refused('does not take the login of [ironic]', exc)
    if status == 403:
        return _refused('does not allow that to the login of [ironic]', exc)
    if status >= 500:
        return exception.ProvisioningUnavailable(
            reason=f'Ironic answers {status}: {words[:1000]}'
        )
    return exception.ProvisioningRejected(
        reason=f'Ironic says: {words[:1000]}'
    )


def _refused(what: str, exc: Any) -> exception.ProvisioningError:
    words = getattr(exc, 'details', None) or str(exc)
    return exception.ProvisioningRejected(
        reason=f'Ironic {what}: {words[:500]}'
    )


def _unreachable(exc: Exception) -> exception.ProvisioningError:
    """What to make of no answer at all."""
    text = str(exc).strip() or type(exc).__name__
    line = text.splitlines()[0][:500]
    if isinstance(exc, _MISCONFIGURED):
        return exception.ProvisioningError(
            reason=f'[ironic] does not lead to an Ironic: {line}'
        )
    return exception.ProvisioningUnavailable(
        reason=f'Ironic cannot be reached: {line}'
    )
