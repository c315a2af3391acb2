# SPDX-License-Identifier: Apache-2.0
"""Ironic. Its node has the UUID of the node in Valence.

Ironic is asked which steps are done already; a node that is in use is never
changed. See https://docs.openstack.org/ironic/latest/user/states.html for the
states of a node and the requests that are valid in each.
"""

import contextlib
from collections.abc import Collection
from collections.abc import Mapping
from typing import NamedTuple

from openstack import exceptions as sdk_exceptions
from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node
from openstack.baremetal.v1 import port as sdk_port

from valence.common import exception
from valence.common.types import JsonObject
from valence.objects.registration import Registration
from valence.provisioning import base
from valence.provisioning import remote
from valence.provisioning.ironic import attributes
from valence.provisioning.ironic import calls
from valence.provisioning.ironic import proof
from valence.provisioning.ironic import removal
from valence.provisioning.ironic import restrictions
from valence.provisioning.ironic import uses
from valence.provisioning.ironic import versions
from valence.provisioning.ironic.calls import calling

# A node that is not in use is in one of these states.
_UNUSED = ('enroll', 'manageable')
_NOT_PROVED = (
    'Ironic does not show the node, but it is not certain that it is gone: '
    'the user of [ironic] may not be permitted to see it, or all nodes '
    'disappeared at the same time. Nothing was changed. Give this user a role '
    'with system scope, or register the node again and then unregister it'
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
        self._connection = remote.Proxy(calls.IRONIC)

    @property
    def _client(self) -> _proxy.Proxy:
        """The proxy of openstacksdk, authenticated as [ironic] configures."""
        found: _proxy.Proxy = self._connection.connected()
        return found

    def _get(self, uuid: str, deadline: base.Deadline) -> sdk_node.Node:
        """The node.

        :raises ProvisioningRejected: if Ironic shows no such node.
        """
        with calling(deadline):
            node = proof.find(self._client, uuid)
        if node is None:
            raise exception.ProvisioningRejected(
                reason=f'Ironic shows no node {uuid}'
            )
        return node

    def state(self, uuid: str, deadline: base.Deadline) -> str | None:
        with calling(deadline):
            node = proof.find(self._client, uuid)
        return node.provision_state if node is not None else None

    def is_idle(self, state: str | None) -> bool:
        return removal.is_idle(state)

    def look(
        self, uuids: Collection[str], deadline: base.Deadline
    ) -> dict[str, base.Shown]:
        with calling(deadline):
            macs = self._macs()
            version = versions.Version(self._client)
            return {
                node.id: base.Shown(
                    node.provision_state,
                    attributes.shown(
                        node,
                        macs.get(node.id, ()) if macs is not None else None,
                    ),
                    attributes.status(node, version.unsupported),
                    attributes.error(node),
                )
                for node in self._client.nodes(
                    fields=version.known(attributes.FIELDS)
                )
                if node.id in uuids and node.provision_state
            }

    def uses(
        self, classes: Collection[str], deadline: base.Deadline
    ) -> dict[str, base.Use]:
        with calling(deadline):
            return uses.of_classes(self._client, classes)

    def _macs(self) -> dict[str, list[str]] | None:
        """The MAC addresses of all ports by node; None: not permitted."""
        macs: dict[str, list[str]] = {}
        try:
            for port in self._client.ports(fields=['node_uuid', 'address']):
                macs.setdefault(port.node_id, []).append(port.address.lower())
        except sdk_exceptions.ForbiddenException:
            # A user without system scope.
            return None
        return macs

    def gone(
        self,
        uuids: Collection[str],
        registered: Mapping[str, Registration],
        deadline: base.Deadline,
    ) -> set[str]:
        with calling(deadline):
            client = self._client
        return proof.gone(client, uuids, registered, deadline)

    def enroll(self, machine: base.Machine, deadline: base.Deadline) -> str:
        with calling(deadline):
            node = proof.find(self._client, machine.uuid)
            if node is None:
                node = self._create(machine)
            else:
                node = self._update(machine, node)
        if node.provision_state in _UNUSED:
            with calling(deadline):
                if versions.Version(self._client).knows('traits'):
                    traits = attributes.traits(machine)
                    self._client.set_node_traits(node, traits)
        return str(node.provision_state)

    def _create(self, machine: base.Machine) -> sdk_node.Node:
        """Create a node, under another name if its own is taken."""
        version = versions.Version(self._client)
        expected = version.only(attributes.expected(machine))
        first, second = attributes.names(machine)
        try:
            return self._client.create_node(
                id=machine.uuid, name=first, **expected
            )
        except sdk_exceptions.ConflictException:
            # Names are unique in Ironic, but in Valence within a project only.
            # An earlier request may also have been carried out, though its
            # response was lost.
            node = proof.find(self._client, machine.uuid)
            if node is not None:
                return self._update(machine, node)
            return self._client.create_node(
                id=machine.uuid, name=second, **expected
            )

    def _update(
        self, machine: base.Machine, node: sdk_node.Node
    ) -> sdk_node.Node:
        """Update a node; of one in use only how to reach its hardware."""
        version = versions.Version(self._client)
        expected = version.only(attributes.expected(machine))
        info = attributes.merge_info(
            node.driver_info or {}, expected['driver_info']
        )
        unused = node.provision_state in _UNUSED
        name = attributes.new_name(machine, node) if unused else None
        values: JsonObject = {'driver_info': info}
        if unused:
            extra = attributes.merge_extra(
                node.extra, machine.site, machine.mark
            )
            chosen = attributes.chosen(machine.site, machine.registered)
            values = {
                **expected,
                **values,
                **version.only(chosen),
                'extra': extra,
            }
        if node.owner is not None and node.owner == machine.project_id:
            # Earlier versions made the project the owner.
            values['owner'] = expected.get('owner')
        node = self._client.update_node(
            node, retry_on_conflict=False, **values
        )
        if name is not None:
            with contextlib.suppress(sdk_exceptions.ConflictException):
                self._client.update_node(
                    machine.uuid, retry_on_conflict=False, name=name
                )
        return node

    def create_ports(
        self, machine: base.Machine, deadline: base.Deadline
    ) -> Registration:
        with calling(deadline):
            known = {
                port.address.lower(): port
                for port in self._client.ports(node=machine.uuid, details=True)
            }
            version = versions.Version(self._client)
        node = self._get(machine.uuid, deadline)
        for one in machine.ports:
            with calling(deadline):
                self._write_port(node, one, known.get(one.address), version)
        node = self._get(machine.uuid, deadline)
        macs = {*known, *(one.address for one in machine.ports)}
        return attributes.handed_over(machine, node, macs)

    def _write_port(
        self,
        node: sdk_node.Node,
        one: base.Port,
        known: sdk_port.Port | None,
        version: versions.Version,
    ) -> None:
        """Create a port, or update that of a node that is not in use."""
        values = attributes.port(one, version)
        if known is None:
            self._client.create_port(
                node_id=node.id, address=one.address, **values
            )
        elif node.provision_state in _UNUSED and any(
            getattr(known, name) != value for name, value in values.items()
        ):
            self._client.update_port(known, **values)

    def update_login(
        self,
        uuid: str,
        login: base.Login,
        registered: Registration,
        deadline: base.Deadline,
    ) -> Registration:
        node = self._get(uuid, deadline)
        new = attributes.connection(login)
        with calling(deadline):
            node = self._client.update_node(
                node,
                driver_info=attributes.merge_info(node.driver_info or {}, new),
                retry_on_conflict=False,
            )
        handed_over = attributes.merge_info(
            registered.get('driver_info', {}), attributes.public_info(new)
        )
        return {
            **registered,
            'driver_info': handed_over,
            'login': login.revision,
        }

    def update_site(
        self,
        uuid: str,
        site: base.Site,
        registered: Registration,
        deadline: base.Deadline,
    ) -> Registration:
        with calling(deadline):
            version = versions.Version(self._client)
        new = attributes.handed_over_site(site, registered, version)
        if new == registered:
            return registered
        node = self._get(uuid, deadline)
        values = version.only(attributes.chosen(site, registered))
        with calling(deadline):
            self._client.update_node(
                node,
                extra=attributes.merge_extra(node.extra, site),
                retry_on_conflict=False,
                **values,
            )
        return new

    def restrict(
        self,
        uuid: str,
        shown: base.Shown,
        wanted: base.Restrictions,
        deadline: base.Deadline,
    ) -> bool:
        status = shown.status
        if not status or not restrictions.changes(shown.state, status, wanted):
            return False
        # Others may have set it since.
        node = self._get(uuid, deadline)
        changes = restrictions.changes(
            node.provision_state, attributes.status(node, []), wanted
        )
        for change in changes:
            with calling(deadline):
                node = restrictions.send(self._client, node, change)
        return bool(changes)

    def request_goal(
        self, uuid: str, goal: str, deadline: base.Deadline
    ) -> None:
        states = _GOALS[goal]
        node = self._get(uuid, deadline)
        with calling(deadline):
            if node.provision_state in states.before:
                self._client.set_node_provision_state(node, goal)
            elif node.provision_state not in states.pending + states.reached:
                raise exception.ProvisioningConflict(
                    reason=f'the node is {node.provision_state} in Ironic, '
                    f'which does not allow {goal}'
                )

    def poll_goal(self, uuid: str, goal: str, deadline: base.Deadline) -> str:
        states = _GOALS[goal]
        node = self._get(uuid, deadline)
        state = str(node.provision_state)
        if state in states.pending:
            raise base.InProgress(
                calls.POLL_SECONDS, f'the node is {state} in Ironic'
            )
        if state not in states.reached:
            raise exception.ProvisioningFailed(
                summary=f'{goal} failed in Ironic, where the node is {state}',
                detail=node.last_error or 'no reason given',
            )
        return state

    def remove(
        self,
        uuid: str,
        registered: Mapping[str, Registration],
        deadline: base.Deadline,
        *,
        undo: bool = False,
        force: bool = False,
    ) -> None:
        with calling(deadline):
            node = proof.find(self._client, uuid)
        if node is None:
            if not self.gone([uuid], registered, deadline):
                raise exception.ProvisioningConflict(reason=_NOT_PROVED)
            return
        state = node.provision_state
        if force:
            removal.force(self._client, node, deadline)
            return
        if node.instance_id:
            raise exception.ProvisioningConflict(
                reason=f'the node has the instance {node.instance_id} in '
                f'Ironic, where it is {state}: delete the instance first'
            )
        with calling(deadline):
            if removal.leads_out(self._client, node, undo):
                return
        raise base.InProgress(
            calls.POLL_SECONDS, f'the node is {state} in Ironic'
        )
