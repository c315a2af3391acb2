# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import operations
from valence_dashboard import tables as base

DETAIL = 'horizon:project:nodes:detail'
# Rules that decide on parts of a page.
CHOOSE = (('composable', 'composable:node:choose'),)
REGISTER = (('composable', 'composable:node:register'),)


def state(node: api.Record) -> str:
    """Where in its life it is, and how far the operation on it is."""
    shown = [fields.state(node.provision_state, node.last_error)]
    if node.operation:
        shown.append(operations.progress(node.operation))
    return html.format_html_join(' ', '{}', ((one,) for one in shown))


def size(node: api.Record) -> str:
    """What its project is charged with for it."""
    cores, devices = node.charged_cores, node.charged_devices
    shown = []
    if cores:
        shown.append(ngettext_lazy('%d core', '%d cores', cores) % cores)
    if node.charged_memory_mib:
        shown.append(fields.show('memory_mib', node.charged_memory_mib))
    if devices:
        shown.append(
            ngettext_lazy('%d device', '%d devices', devices) % devices
        )
    return ', '.join(str(one) for one in shown) or fields.NOTHING


def at_rest(node: api.Record) -> bool:
    """Whether nothing is being done to it."""
    return not node.operation and node.provision_state in ('active', 'error')


def active(self: Any, request: http.HttpRequest, datum: Any = None) -> bool:
    """Allows an action on nodes that nothing else is done to."""
    return datum is None or datum.provision_state == 'active'


def own(self: Any, request: http.HttpRequest, datum: Any = None) -> bool:
    """Allows it only while nobody else governs power and boot."""
    return active(self, request, datum) and (
        datum is None or not datum.managed_by
    )


def managed(self: Any, request: http.HttpRequest, datum: Any = None) -> bool:
    """Allows it only while somebody else does."""
    return active(self, request, datum) and bool(datum and datum.managed_by)


class Compose(base.Link):
    name = 'compose'
    verbose_name = _('Compose Node')
    url = 'horizon:project:nodes:compose'
    classes = ()
    icon = 'plus'
    verb = 'node:create'


class Adopt(base.Link):
    name = 'adopt'
    verbose_name = _('Adopt Node')
    url = 'horizon:project:nodes:adopt'
    icon = 'link'
    verb = 'node:manage'


class Edit(base.Link):
    name = 'edit'
    verbose_name = _('Edit')
    url = 'horizon:project:nodes:edit'
    icon = 'pencil'
    verb = 'node:update'


class Power(base.Link):
    name = 'power'
    verbose_name = _('Power')
    url = 'horizon:project:nodes:power'
    icon = 'power-off'
    verb = 'node:action'
    allowed = own


class Boot(base.Link):
    name = 'boot'
    verbose_name = _('Boot From')
    url = 'horizon:project:nodes:boot'
    icon = 'hdd-o'
    verb = 'node:action'
    allowed = own


class Attach(base.Link):
    name = 'attach'
    verbose_name = _('Attach Device')
    url = 'horizon:project:nodes:attach'
    icon = 'plug'
    verb = 'node:action'
    allowed = active


class Register(base.Link):
    name = 'register'
    verbose_name = _('Register with Ironic')
    url = 'horizon:project:nodes:register'
    icon = 'sign-in'
    verb = 'node:register'
    allowed = own


class Unregister(base.Danger):
    name = 'unregister'
    icon = 'sign-out'
    verb = 'node:unregister'
    help_text = _('Ironic forgets it, unless it is in use there.')
    allowed = managed

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Unregister from Ironic', 'Unregister from Ironic', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Unregistering', 'Unregistering', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Take it back."""
        client.unregister_node(uuid)


class Restart(base.Danger):
    name = 'restart'
    icon = 'refresh'
    verb = 'node:action'
    help_text = _('Whatever runs on them is cut off.')
    allowed = own

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Restart Node', 'Restart Nodes', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Restarting node', 'Restarting nodes', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Restart it at once."""
        client.reset_node(uuid, 'ForceRestart')


class Cancel(operations.Cancel):
    """Cancels what is being done to a node."""

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Where something is being done."""
        return bool(
            datum is not None
            and datum.operation
            and super().allowed(request, datum.operation)
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Cancel the operation that is open on it."""
        for operation in client.operations(
            target_uuid=uuid, state=operations.OPEN, max_items=1
        ):
            client.cancel_operation(operation.id, ignore_missing=False)


class Release(base.Danger):
    name = 'release'
    verb = 'node:delete'
    help_text = _(
        'Their hardware is given back, and what is stored on it is lost.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Release Node', 'Release Nodes', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Releasing node', 'Releasing nodes', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Unless it is under way, or Ironic has it."""
        return datum is None or (
            datum.provision_state != 'releasing' and not datum.managed_by
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Release it."""
        client.delete_node(uuid, ignore_missing=False)


class TakeBack(Release):
    """Releases a node that Ironic has."""

    name = 'take_back'
    help_text = _(
        'Ironic forgets it, unless it is in use there. Then its hardware is '
        'given back, and what is stored on it is lost.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Unregister and Release', 'Unregister and Release', count
        )

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Where Ironic has it."""
        return bool(
            datum is not None
            and datum.managed_by
            and datum.provision_state != 'releasing'
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Take it back from Ironic, then release it."""
        client.delete_node(uuid, ignore_missing=False, unregister='true')


class Nodes(base.Table):
    kind = 'node'
    name = base.column('name', 'name', link=DETAIL)
    provision_state = base.column('provision_state', state)
    power_state = base.column('power_state')
    pod_manager = base.column('pod_manager', 'pod_manager')
    size = base.column('size', size)
    description = base.column('description', truncate=60)
    created_at = base.column('created_at', sortable=False)
    settled = base.settled(at_rest)

    class Meta:
        name = 'nodes'
        verbose_name = _('Nodes')
        no_data_message = _('There is no node. Compose one.')
        status_columns = ('settled',)
        row_class = base.Row
        table_actions = (
            base.filters(
                *('nodes', 'name', 'provision_state', 'power_state'),
                *('pod_manager', 'flavor'),
            ),
            Compose,
            Adopt,
            Restart,
            Release,
        )
        row_actions = (
            *(Power, Boot, Attach, Register, Unregister, Edit),
            *(Cancel, Restart, Release, TakeBack),
        )

    def read_one(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """A row as it is now."""
        node = super().read_one(request, uuid)
        complete(request, [node])
        return node


def complete(request: http.HttpRequest, nodes: list[api.Record]) -> None:
    """Add the pod manager's name, and the operation that is open."""
    named = api.names(
        request, 'pod_managers', (node.podm_uuid for node in nodes)
    )
    pending = operations.of_targets(
        request, [node.id for node in nodes if not at_rest(node)]
    )
    for node in nodes:
        node['pod_manager'] = named.get(node.podm_uuid)
        node['operation'] = pending.get(node.id)
