# SPDX-License-Identifier: Apache-2.0
import datetime
from typing import Any

from django import http
from django.urls import reverse
from django.utils import dateparse
from django.utils import html
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import operations
from valence_dashboard import pods
from valence_dashboard import tables as base
from valence_dashboard.project.nodes import composing

DETAIL = 'horizon:project:nodes:detail'
# Policy rules for parts of a page.
CHOOSE = (('composable', 'composable:node:choose'),)
REGISTER = (('composable', 'composable:node:register'),)


def state(node: api.Record) -> str:
    """Show the provision state, and the progress of an operation."""
    shown = [
        fields.state(node.provision_state, node.last_error),
        pods.state(node),
    ]
    if node.operation:
        shown.append(operations.progress(node.operation))
    return html.format_html_join(' ', '{}', ((one,) for one in shown))


def charged_size(node: api.Record) -> str:
    """Show the amounts that the project is charged for a node."""
    cores, devices = node.charged_cores, node.charged_devices
    shown = []
    if cores:
        shown.append(ngettext_lazy('%d core', '%d cores', cores) % cores)
    if node.charged_memory_mib:
        shown.append(fields.render('memory_mib', node.charged_memory_mib))
    if devices:
        shown.append(
            ngettext_lazy('%d device', '%d devices', devices) % devices
        )
    return ', '.join(str(one) for one in shown) or fields.EMPTY


def is_changing(node: api.Record) -> bool:
    """Return whether an operation may be changing the node."""
    return node.provision_state not in ('active', 'error')


def active(self: Any, request: http.HttpRequest, datum: Any = None) -> bool:
    """Allow an action on active nodes."""
    return datum is None or datum.provision_state == 'active'


def unregistered(
    self: Any, request: http.HttpRequest, datum: Any = None
) -> bool:
    """Allow an action on active nodes that are not registered."""
    return active(self, request, datum) and (
        datum is None or not datum.managed_by
    )


def allowing(kind: str, value: str | None = None) -> Any:
    """Return an ``allowed`` of actions that the pod manager must allow, too.

    Nodes have to be active, and must not be registered.

    :param kind: the name of the list in the ``allowable`` of nodes.
    :param value: what the list has to contain; None: anything.
    """

    def allowed(
        self: Any, request: http.HttpRequest, datum: Any = None
    ) -> bool:
        if not unregistered(self, request, datum):
            return False
        if datum is None:
            return True
        known = (datum.allowable or {}).get(kind)
        return known is None or bool(
            known if value is None else value in known
        )

    return allowed


def registered(
    self: Any, request: http.HttpRequest, datum: Any = None
) -> bool:
    """Allow an action on active nodes that are registered."""
    return active(self, request, datum) and bool(datum and datum.managed_by)


class Compose(actions.LinkAction):
    name = 'compose'
    verbose_name = _('Compose Node')
    url = 'horizon:project:nodes:compose'
    classes = ()
    icon = 'plus'
    verb = 'node:create'


class Adopt(actions.LinkAction):
    name = 'adopt'
    verbose_name = _('Adopt Node')
    url = 'horizon:project:nodes:adopt'
    icon = 'link'
    verb = 'node:manage'


class Clone(Compose):
    name = 'clone'
    verbose_name = _('Clone')
    icon = 'clone'
    parameter = 'clone'

    def get_link_url(self, datum: api.Record) -> str:
        """Return the form with the request of the node."""
        return f'{reverse(self.url)}?{self.parameter}={datum.id}'


class Retry(Clone):
    name = 'retry'
    verbose_name = _('Retry')
    icon = 'repeat'
    parameter = 'replaces'

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for own nodes that could not be composed."""
        own = (None, request.user.project_id)
        return bool(
            datum is not None
            and datum.project_id in own
            and composing.is_failed(datum)
        )


class Edit(actions.LinkAction):
    name = 'edit'
    verbose_name = _('Edit')
    url = 'horizon:project:nodes:edit'
    icon = 'pencil'
    verb = 'node:update'


class Power(actions.LinkAction):
    name = 'power'
    verbose_name = _('Set Power State')
    url = 'horizon:project:nodes:power'
    icon = 'power-off'
    verb = 'node:action'
    allowed = allowing('reset_types')


class Boot(actions.LinkAction):
    name = 'boot'
    verbose_name = _('Set Boot Device')
    url = 'horizon:project:nodes:boot'
    icon = 'hdd-o'
    verb = 'node:action'
    allowed = allowing('boot_targets')


class Attach(actions.LinkAction):
    name = 'attach'
    verbose_name = _('Attach Device')
    url = 'horizon:project:nodes:attach'
    icon = 'plug'
    verb = 'node:action'
    allowed = active


class Register(actions.LinkAction):
    name = 'register'
    verbose_name = _('Register with Ironic')
    url = 'horizon:project:nodes:register'
    icon = 'sign-in'
    verb = 'node:register'
    allowed = unregistered


class Unregister(actions.DangerAction):
    name = 'unregister'
    icon = 'sign-out'
    verb = 'node:unregister'
    help_text = _('Ironic deletes the node, unless it is in use.')
    allowed = registered

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Unregister from Ironic', 'Unregister from Ironic', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Unregistering', 'Unregistering', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Unregister the node."""
        client.unregister_node(uuid)


class Restart(actions.DangerAction):
    name = 'restart'
    icon = 'refresh'
    verb = 'node:action'
    help_text = _('The nodes restart without shutdown.')
    allowed = allowing('reset_types', 'ForceRestart')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Restart Node', 'Restart Nodes', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Restarting node', 'Restarting nodes', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Restart the node without shutdown."""
        client.reset_node(uuid, 'ForceRestart')


class Cancel(operations.Cancel):
    """Cancels the operation on a node."""

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it if there is an open operation."""
        return bool(
            datum is not None
            and datum.operation
            and super().allowed(request, datum.operation)
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Cancel the open operation of the node."""
        for operation in client.operations(
            target_uuid=uuid, state=operations.OPEN, max_items=1
        ):
            client.cancel_operation(operation.id, ignore_missing=False)


class Release(actions.DangerAction):
    name = 'release'
    verb = 'node:delete'
    help_text = _('The hardware of the nodes is released; data on it is lost.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Release Node', 'Release Nodes', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Releasing node', 'Releasing nodes', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it unless the node is releasing or registered."""
        return datum is None or (
            datum.provision_state != 'releasing' and not datum.managed_by
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Release the node."""
        client.delete_node(uuid, ignore_missing=False)


class UnregisterAndRelease(Release):
    """Releases a node that is registered with Ironic."""

    name = 'unregister_and_release'
    help_text = _(
        'Ironic deletes the node, unless it is in use. Then its hardware is '
        'released; data on it is lost.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Unregister and Release', 'Unregister and Release', count
        )

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for registered nodes."""
        return bool(
            datum is not None
            and datum.managed_by
            and datum.provision_state != 'releasing'
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Unregister the node from Ironic and release it."""
        client.delete_node(uuid, ignore_missing=False, unregister='true')


def lease(node: api.Record) -> str:
    """Show the state of the lease, and when it ends."""
    if not node.lease_until:
        return fields.EMPTY
    shown = (
        fields.state(node.lease_state),
        fields.render('lease_until', node.lease_until),
    )
    return html.format_html_join(' ', '{}', ((one,) for one in shown))


class Extend(actions.BatchAction):
    name = 'extend'
    icon = 'clock-o'
    verb = 'node:update'

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Extend Lease by a Day', 'Extend Leases by a Day', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Extended the lease of', 'Extended the leases of', count
        )

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for nodes with a lease."""
        return datum is None or bool(datum.lease_until)

    def act(self, client: api.Client, uuid: str) -> None:
        """Have the lease end a day later, or a day from now if it is over."""
        until = dateparse.parse_datetime(client.get_node(uuid).lease_until)
        later = max(until, timezone.now()) + datetime.timedelta(days=1)
        client.update_node(uuid, lease_until=later.isoformat())


class Nodes(base.Table):
    kind = 'node'
    filter_by: tuple[str, ...] = (
        *('name', 'provision_state', 'power_state', 'pod_manager', 'flavor'),
        *('lease_state', 'traits'),
    )
    name = base.column('name', 'name', link=DETAIL)
    provision_state = base.column('provision_state', state)
    power_state = base.column('power_state')
    pod_manager = base.column('pod_manager', 'pod_manager')
    size = base.column('size', charged_size)
    lease = base.column('lease', lease)
    description = base.column('description', truncate=60)
    created_at = base.column('created_at', sortable=False)

    class Meta:
        name = 'nodes'
        verbose_name = _('Nodes')
        no_data_message = _('No nodes.')
        table_actions = (
            Compose,
            Adopt,
            Restart,
            Release,
        )
        row_actions = (
            *(Retry, Power, Boot, Attach, Register, Unregister, Edit, Extend),
            *(Clone, Cancel, Restart, Release, UnregisterAndRelease),
        )

    def complete(self, rows: list[api.Record]) -> None:
        """Add the name of the pod manager, and the open operation."""
        super().complete(rows)
        pending = operations.open_operations(
            self.request, [row.id for row in rows if is_changing(row)]
        )
        for row in rows:
            row['operation'] = pending.get(row.id)
