# SPDX-License-Identifier: Apache-2.0
"""Valence in Python: what ``connection.composable`` can do."""

import itertools
import time
import urllib.parse
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import TypeVar

from openstack import exceptions
from openstack import proxy

from valenceclient.v1 import resources

R = TypeVar('R', bound=resources.Resource)
Progress = Callable[[resources.Operation], None]

OPEN_STATES = ('pending', 'running')


def _many(kind: type[R]) -> Callable[..., Iterator[R]]:
    def method(
        self: 'Proxy', max_items: int | None = None, **query: Any
    ) -> Iterator[R]:
        return itertools.islice(self._list(kind, **query), max_items)

    method.__doc__ = f"""Iterate over them, page by page as needed.

    :param max_items: how many there may be at most.
    :param query: filters, ``sort_key``, ``sort_dir``, ``fields`` (names with
        commas), ``limit`` (the size of a page) and ``marker`` as the API has
        them.
    :returns: an iterator of :class:`~valenceclient.v1.resources.{_name(kind)}`
    """
    return method


def _get(kind: type[R]) -> Callable[..., R]:
    def method(self: 'Proxy', which: R | str) -> R:
        return self._get(kind, which)

    method.__doc__ = f"""Get one by UUID or name.

    :returns: a :class:`~valenceclient.v1.resources.{_name(kind)}`
    :raises: :class:`~openstack.exceptions.NotFoundException`
    """
    return method


def _find(kind: type[R]) -> Callable[..., R | None]:
    def method(
        self: 'Proxy', which: str, ignore_missing: bool = True
    ) -> R | None:
        try:
            return self._get(kind, which)
        except exceptions.NotFoundException:
            if ignore_missing:
                return None
            raise

    method.__doc__ = 'Get one by UUID or name, or None when there is none.'
    return method


def _create(kind: type[R]) -> Callable[..., R]:
    def method(self: 'Proxy', **fields: Any) -> R:
        return self._create(kind, **fields)

    method.__doc__ = f"""Create one of these fields, named as in the API.

    :returns: a :class:`~valenceclient.v1.resources.{_name(kind)}`
    """
    return method


def _update(kind: type[R]) -> Callable[..., R]:
    def method(self: 'Proxy', which: R | str, **fields: Any) -> R:
        return self._update(kind, which, **fields)

    method.__doc__ = 'Change these fields of one that is given, or named.'
    return method


def _delete(kind: type[R]) -> Callable[..., R | None]:
    def method(
        self: 'Proxy',
        which: R | str,
        ignore_missing: bool = True,
        **params: Any,
    ) -> R | None:
        return self._delete(kind, which, ignore_missing, params=params)

    method.__doc__ = """Delete one that is given, or named.

    :param params: query parameters, such as ``cascade='true'``.
    :returns: it; with ``operation_uuid`` where an operation does it.
    """
    return method


def _name(kind: type[resources.Resource]) -> str:
    return kind.__name__


class Proxy(proxy.Proxy):
    """The API of Valence.

    A resource is named by its UUID, its name, or the object that a method
    returned. What has to reach hardware returns at once, with the attribute
    ``operation_uuid``; :meth:`wait_for_operation` waits for the end of it.
    Every error of the service is a
    :class:`~openstack.exceptions.HttpException` whose ``message`` is the
    service's own sentence.
    """

    api_version = '1'

    pod_managers = _many(resources.PodManager)
    get_pod_manager = _get(resources.PodManager)
    find_pod_manager = _find(resources.PodManager)
    create_pod_manager = _create(resources.PodManager)
    update_pod_manager = _update(resources.PodManager)
    delete_pod_manager = _delete(resources.PodManager)

    chassis = _many(resources.Chassis)
    get_chassis = _get(resources.Chassis)
    find_chassis = _find(resources.Chassis)

    racks = _many(resources.Rack)
    get_rack = _get(resources.Rack)
    find_rack = _find(resources.Rack)

    systems = _many(resources.System)
    get_system = _get(resources.System)
    find_system = _find(resources.System)

    devices = _many(resources.Device)
    get_device = _get(resources.Device)
    find_device = _find(resources.Device)

    storages = _many(resources.Storage)
    get_storage = _get(resources.Storage)
    find_storage = _find(resources.Storage)

    flavors = _many(resources.Flavor)
    get_flavor = _get(resources.Flavor)
    find_flavor = _find(resources.Flavor)
    create_flavor = _create(resources.Flavor)
    update_flavor = _update(resources.Flavor)
    delete_flavor = _delete(resources.Flavor)

    nodes = _many(resources.Node)
    get_node = _get(resources.Node)
    find_node = _find(resources.Node)
    compose_node = _create(resources.Node)
    update_node = _update(resources.Node)
    delete_node = _delete(resources.Node)

    operations = _many(resources.Operation)
    get_operation = _get(resources.Operation)
    find_operation = _find(resources.Operation)
    cancel_operation = _delete(resources.Operation)

    drivers = _many(resources.Driver)
    conductors = _many(resources.Conductor)

    def sync_pod_manager(
        self, which: resources.PodManager | str
    ) -> resources.Operation:
        """Have the inventory of a pod manager read anew."""
        return self._post(resources.PodManager, which, 'sync')

    def get_pod_manager_topology(
        self, which: resources.PodManager | str
    ) -> resources.Topology:
        """The tree of a pod manager: pod, rack, drawer, sled, system."""
        pod_manager = self._get_resource(resources.PodManager, which)
        return self._get(
            resources.Topology, requires_id=False, pod_manager=pod_manager.id
        )

    def pod_manager_access(
        self, which: resources.PodManager | str
    ) -> Iterator[resources.Access]:
        """Iterate over the projects that may use a pod manager."""
        pod_manager = self._get_resource(resources.PodManager, which)
        return self._list(resources.Access, pod_manager=pod_manager.id)

    def add_pod_manager_access(
        self, which: resources.PodManager | str, project_id: str
    ) -> resources.Access:
        """Let a project use a pod manager that is not public."""
        pod_manager = self._get_resource(resources.PodManager, which)
        return self._create(
            resources.Access, pod_manager=pod_manager.id, project_id=project_id
        )

    def remove_pod_manager_access(
        self,
        which: resources.PodManager | str,
        project_id: str,
        ignore_missing: bool = True,
    ) -> None:
        """Let a project use a pod manager no longer."""
        pod_manager = self._get_resource(resources.PodManager, which)
        self._delete(
            resources.Access,
            project_id,
            ignore_missing,
            pod_manager=pod_manager.id,
        )

    def preview_node(self, **fields: Any) -> dict[str, Any]:
        """Where a node would be composed, and why not elsewhere."""
        answer: dict[str, Any] = self.post(
            '/nodes/preview', json=fields
        ).json()
        return answer

    def manage_node(self, **fields: Any) -> resources.Node:
        """Adopt a node that exists on a pod manager."""
        return self._post(resources.Node, None, 'manage', fields)

    def reset_node(
        self, which: resources.Node | str, reset_type: str
    ) -> resources.Node:
        """Switch a node on or off, or restart it."""
        return self._act(which, {'Reset': {'Type': reset_type}})

    def boot_node(
        self, which: resources.Node | str, enabled: str, target: str
    ) -> resources.Node:
        """Have a node boot from something else, once or from now on."""
        body = {'Boot': {'Enabled': enabled, 'Target': target}}
        return self._act(which, body)

    def attach_to_node(
        self, which: resources.Node | str, resource: str
    ) -> resources.Node:
        """Join a pooled device to a node."""
        return self._act(which, {'attach': {'resource_id': resource}})

    def detach_from_node(
        self, which: resources.Node | str, resource: str
    ) -> resources.Node:
        """Give a pooled device of a node back."""
        return self._act(which, {'detach': {'resource_id': resource}})

    def register_node(
        self, which: resources.Node | str, **how: Any
    ) -> resources.Node:
        """Hand a node over to Ironic.

        :param how: ``manage``, ``inspect``, ``provide``, ``resource_class``
            and ``traits``, as the API has them.
        """
        return self._post(resources.Node, which, 'register', how)

    def unregister_node(self, which: resources.Node | str) -> resources.Node:
        """Take a node back from Ironic."""
        return self._post(resources.Node, which, 'unregister')

    def node_storages(
        self, which: resources.Node | str
    ) -> Iterator[resources.NodeStorage]:
        """Iterate over what a node stores on."""
        node = self._get_resource(resources.Node, which)
        return self._list(resources.NodeStorage, node=node.id)

    def get_capacity(self) -> resources.Capacity:
        """How much all pod managers have, and how much of it is free."""
        return self._get(resources.Capacity, requires_id=False)

    def get_capacities(self) -> dict[str, dict[str, Any]]:
        """How much each pod manager has, and has free, by its UUID."""
        answer: dict[str, dict[str, Any]] = self.get('/capacity').json()
        return answer['pod_managers']

    def unreserve_system(
        self, which: resources.System | str, ignore_missing: bool = True
    ) -> None:
        """Free a system that is reserved to the project that had it last."""
        self._unreserve(resources.System, which, ignore_missing)

    def unreserve_device(
        self, which: resources.Device | str, ignore_missing: bool = True
    ) -> None:
        """Free a device that is reserved to the project that had it last."""
        self._unreserve(resources.Device, which, ignore_missing)

    def wait_for_operation(
        self,
        which: resources.Resource | str,
        interval: float = 1,
        wait: float | None = None,
        callback: Progress | None = None,
    ) -> resources.Operation:
        """Wait until an operation has come to its end.

        :param which: the operation, its UUID, or what a method returned that
            started it.
        :param interval: seconds between two looks.
        :param wait: how many seconds to wait at most; None: for ever.
        :param callback: called with the operation after every look.
        :raises: :class:`~openstack.exceptions.ResourceFailure` with its error
            when it failed or was cancelled;
            :class:`~openstack.exceptions.ResourceTimeout` when it takes
            longer.
        """
        uuid = getattr(which, 'operation_uuid', None) or which
        if isinstance(uuid, resources.Resource):
            uuid = uuid.id
        end = None if wait is None else time.monotonic() + wait
        while True:
            operation = self._get(resources.Operation, uuid, skip_cache=True)
            if callback:
                callback(operation)
            if operation.state not in OPEN_STATES:
                break
            if end is not None and time.monotonic() + interval > end:
                raise exceptions.ResourceTimeout(
                    f'The operation {uuid} is still {operation.state} after '
                    f'{wait:g} seconds.'
                )
            time.sleep(interval)
        if operation.state != 'succeeded':
            reason = operation.error or f'it was {operation.state}'
            raise exceptions.ResourceFailure(
                f'The operation {uuid} ({operation.action}) did not succeed: '
                f'{reason}'
            )
        return operation

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request, and raise the service's own sentence if it fails."""
        response = super().request(*args, **kwargs)
        if response.status_code >= 400:
            exceptions.raise_from_response(response, _detail(response))
        return response

    def _get_resource(
        self, resource_type: Any, value: Any, **attrs: Any
    ) -> Any:
        if isinstance(value, str):
            # A name becomes part of the path.
            value = urllib.parse.quote(value, safe='')
        return super()._get_resource(resource_type, value, **attrs)

    def _act(
        self, which: resources.Node | str, body: dict[str, Any]
    ) -> resources.Node:
        return self._post(resources.Node, which, 'action', body)

    def _unreserve(
        self, kind: type[R], which: R | str, ignore_missing: bool
    ) -> None:
        found = self._get_resource(kind, which)
        try:
            self.delete(f'{kind.base_path}/{found.id}/reservation')
        except exceptions.NotFoundException:
            if not ignore_missing:
                raise

    def _post(
        self,
        kind: type[R],
        which: R | str | None,
        verb: str,
        body: dict[str, Any] | None = None,
    ) -> Any:
        """Ask for something that an operation does."""
        parts = [kind.base_path, verb]
        if which is not None:
            parts.insert(1, self._get_resource(kind, which).id)
        answer = self.post('/'.join(parts), json=body or {}).json()
        if verb == 'sync':
            return resources.Operation.existing(**answer)
        return kind.existing(**answer)


def _detail(response: Any) -> str | None:
    """What the service says of an error, if it is the service that speaks."""
    try:
        details = [error['detail'] for error in response.json()['errors']]
    except (ValueError, KeyError, TypeError):
        return None
    return ' '.join(details) or None
