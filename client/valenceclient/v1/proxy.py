# SPDX-License-Identifier: Apache-2.0
"""The proxy, available as ``connection.composable``."""

import json
import logging
import urllib.parse
from collections.abc import Iterator
from typing import Any
from typing import TypeAlias
from typing import TypeVar

from openstack import exceptions

from valenceclient import schema
from valenceclient.v1 import errors
from valenceclient.v1 import expectations
from valenceclient.v1 import methods
from valenceclient.v1 import resources
from valenceclient.v1 import waiting

R = TypeVar('R', bound=resources.Resource)

LOG = logging.getLogger(__name__)
# Clients would remove these from a path, and send another request.
_NO_NAMES = ('', '.', '..')

# A resource, or its UUID or name.
_Flavor: TypeAlias = resources.Flavor | str
_Node: TypeAlias = resources.Node | str


class Proxy(waiting.Waiting, expectations.Expectations):
    """The API of Valence.

    A resource is identified by its UUID, its name, or the object that a method
    returned. A method that changes hardware returns at once, with the
    attribute ``operation_uuid``; :meth:`wait_for_operation` waits for the
    operation. Errors of the service are
    :class:`~openstack.exceptions.HttpException`, with the error message of the
    service as ``message``, and the ID of the request as ``request_id``.
    """

    api_version = '1'

    pod_managers = methods.list_method(resources.PodManager)
    get_pod_manager = methods.get_method(resources.PodManager)
    find_pod_manager = methods.find_method(resources.PodManager)
    create_pod_manager = methods.create_method(resources.PodManager)
    update_pod_manager = methods.update_method(resources.PodManager)
    delete_pod_manager = methods.delete_method(resources.PodManager)

    chassis = methods.list_method(resources.Chassis)
    get_chassis = methods.get_method(resources.Chassis)
    update_chassis = methods.update_method(resources.Chassis)
    find_chassis = methods.find_method(resources.Chassis)

    racks = methods.list_method(resources.Rack)
    get_rack = methods.get_method(resources.Rack)
    find_rack = methods.find_method(resources.Rack)

    systems = methods.list_method(resources.System)
    get_system = methods.get_method(resources.System)
    update_system = methods.update_method(resources.System)
    find_system = methods.find_method(resources.System)

    devices = methods.list_method(resources.Device)
    get_device = methods.get_method(resources.Device)
    update_device = methods.update_method(resources.Device)
    find_device = methods.find_method(resources.Device)

    storages = methods.list_method(resources.Storage)
    get_storage = methods.get_method(resources.Storage)
    find_storage = methods.find_method(resources.Storage)

    flavors = methods.list_method(resources.Flavor)
    get_flavor = methods.get_method(resources.Flavor)
    find_flavor = methods.find_method(resources.Flavor)
    create_flavor = methods.create_method(resources.Flavor)
    update_flavor = methods.update_method(resources.Flavor)
    delete_flavor = methods.delete_method(resources.Flavor)

    holds = methods.list_method(resources.Hold)
    get_hold = methods.get_method(resources.Hold)
    find_hold = methods.find_method(resources.Hold)
    create_hold = methods.create_method(resources.Hold)
    update_hold = methods.update_method(resources.Hold)
    delete_hold = methods.delete_method(resources.Hold)

    pools = methods.list_method(resources.Pool)
    get_pool = methods.get_method(resources.Pool)
    find_pool = methods.find_method(resources.Pool)
    create_pool = methods.create_method(resources.Pool)
    update_pool = methods.update_method(resources.Pool)
    delete_pool = methods.delete_method(resources.Pool)

    nodes = methods.list_method(resources.Node)
    get_node = methods.get_method(resources.Node)
    find_node = methods.find_method(resources.Node)
    create_node = methods.create_method(resources.Node)
    compose_node = create_node
    update_node = methods.update_method(resources.Node)
    delete_node = methods.delete_method(resources.Node)

    findings = methods.list_method(resources.Finding)
    get_finding = methods.get_method(resources.Finding)
    find_finding = methods.find_method(resources.Finding)
    conditions = methods.list_method(resources.Condition)
    get_condition = methods.get_method(resources.Condition)
    find_condition = methods.find_method(resources.Condition)
    create_condition = methods.create_method(resources.Condition)
    delete_condition = methods.delete_method(resources.Condition)
    events = methods.list_method(resources.Event)
    get_event = methods.get_method(resources.Event)
    find_event = methods.find_method(resources.Event)
    operations = methods.list_method(resources.Operation)
    get_operation = methods.get_method(resources.Operation)
    find_operation = methods.find_method(resources.Operation)
    cancel_operation = methods.delete_method(resources.Operation)

    capacity_samples = methods.list_method(resources.CapacitySample)
    get_capacity_sample = methods.get_method(resources.CapacitySample)
    find_capacity_sample = methods.find_method(resources.CapacitySample)
    drivers = methods.list_method(resources.Driver)
    conductors = methods.list_method(resources.Conductor)

    def sync_pod_manager(
        self, resource: resources.PodManager | str
    ) -> resources.Operation:
        """Read the full inventory of a pod manager."""
        pod_manager = self._get_resource(resources.PodManager, resource)
        path = f'{pod_manager.base_path}/{pod_manager.id}/sync'
        return resources.Operation.existing(**self.post(path, json={}).json())

    def get_pod_manager_topology(
        self, resource: resources.PodManager | str
    ) -> resources.Topology:
        """Get the tree of a pod manager: pod, rack, drawer, sled, system."""
        pod_manager = self._get_resource(resources.PodManager, resource)
        return self._get(
            resources.Topology, requires_id=False, pod_manager=pod_manager.id
        )

    def pod_manager_access(
        self, resource: resources.PodManager | str
    ) -> Iterator[resources.Access]:
        """Iterate over the projects with access to a pod manager."""
        pod_manager = self._get_resource(resources.PodManager, resource)
        return self._list(resources.Access, pod_manager=pod_manager.id)

    def add_pod_manager_access(
        self, resource: resources.PodManager | str, project_id: str
    ) -> resources.Access:
        """Grant a project access to a pod manager that is not public."""
        pod_manager = self._get_resource(resources.PodManager, resource)
        return self._create(
            resources.Access, pod_manager=pod_manager.id, project_id=project_id
        )

    def remove_pod_manager_access(
        self,
        resource: resources.PodManager | str,
        project_id: str,
        ignore_missing: bool = True,
    ) -> None:
        """Revoke the access of a project to a pod manager."""
        pod_manager = self._get_resource(resources.PodManager, resource)
        self._delete(
            resources.Access,
            project_id,
            ignore_missing,
            pod_manager=pod_manager.id,
        )

    def preview_node(self, **fields: Any) -> dict[str, Any]:
        """Preview where a node would be composed, and why not elsewhere."""
        answer: dict[str, Any] = self.post(
            '/nodes/preview', json=fields
        ).json()
        return answer

    def manage_node(self, **fields: Any) -> resources.Node:
        """Adopt a node that exists on a pod manager."""
        return self._post(resources.Node, None, 'manage', fields)

    def adopt_finding(
        self, finding: resources.Finding | str, **options: Any
    ) -> resources.Finding:
        """Make the hardware of a finding a node.

        :param options: ``name`` and ``project_id``, as in the API.
        """
        body = {'adopt': options}
        return self._post(resources.Finding, finding, 'action', body)

    def release_finding(
        self, finding: resources.Finding | str
    ) -> resources.Finding:
        """Release the hardware of a finding on its pod manager."""
        body: dict[str, Any] = {'release': {}}
        return self._post(resources.Finding, finding, 'action', body)

    def forget_finding(
        self, finding: resources.Finding | str
    ) -> resources.Finding:
        """Close a finding, until it changes."""
        body: dict[str, Any] = {'forget': {}}
        return self._post(resources.Finding, finding, 'action', body)

    def accept_finding(
        self, finding: resources.Finding | str, until: str | None = None
    ) -> resources.Finding:
        """Hide a finding until a time, or for good."""
        body = {'accept': {'until': until}}
        return self._post(resources.Finding, finding, 'action', body)

    def reset_node(self, node: _Node, reset_type: str) -> resources.Node:
        """Change the power state of a node, or restart it."""
        return self._action(node, {'reset': {'Type': reset_type}})

    def boot_node(
        self,
        node: _Node,
        enabled: str,
        target: str,
        mode: str | None = None,
        http_boot_uri: str | None = None,
    ) -> resources.Node:
        """Set the boot device of a node, once or permanently."""
        boot = {'Enabled': enabled, 'Target': target}
        if mode is not None:
            boot['Mode'] = mode
        if http_boot_uri is not None:
            boot['HttpBootUri'] = http_boot_uri
        return self._action(node, {'boot': boot})

    def attach_to_node(self, node: _Node, device: str) -> resources.Node:
        """Attach a pooled device to a node."""
        return self._action(node, {'attach': {'resource_id': device}})

    def detach_from_node(self, node: _Node, device: str) -> resources.Node:
        """Detach a pooled device from a node."""
        return self._action(node, {'detach': {'resource_id': device}})

    def register_node(self, node: _Node, **options: Any) -> resources.Node:
        """Register a node with Ironic.

        :param options: ``manage``, ``inspect``, ``provide``,
            ``resource_class`` and ``traits``, as in the API.
        """
        return self._post(resources.Node, node, 'register', options)

    def unregister_node(self, node: _Node) -> resources.Node:
        """Unregister a node from Ironic."""
        return self._post(resources.Node, node, 'unregister')

    def publish_flavor(
        self, flavor: _Flavor, **options: Any
    ) -> resources.Flavor:
        """Create a flavor in Nova, or bring it up to date there.

        :param options: ``resource_class`` and ``traits``, as in the API.
        """
        return self._post(resources.Flavor, flavor, 'publish', options)

    def unpublish_flavor(self, flavor: _Flavor) -> resources.Flavor:
        """Delete a flavor in Nova that was published."""
        return self._post(resources.Flavor, flavor, 'unpublish')

    def node_storages(self, node: _Node) -> Iterator[resources.NodeStorage]:
        """Iterate over the drives and storage devices of a node."""
        found = self._get_resource(resources.Node, node)
        return self._list(resources.NodeStorage, node=found.id)

    def history(
        self,
        collection: str,
        resource: resources.Resource | str,
        max_items: int | None = None,
        **query: Any,
    ) -> Iterator[resources.Period]:
        """Iterate over what a resource was, and when.

        :param collection: ``pod_managers``, ``nodes``, ``systems`` or
            ``devices``.
        :param resource: a UUID, a name or a resource.
        :param max_items: the maximum number of periods.
        :param query: filters and sorting of the API.
        """
        ident = resource if isinstance(resource, str) else resource.id
        return methods.list_method(resources.Period)(
            self, max_items, collection=collection, of=ident, **query
        )

    def drain_pool(self, resource: resources.Pool | str) -> resources.Pool:
        """Have no more nodes made for a pool, and those ready released."""
        return self._post(resources.Pool, resource, 'action', {'drain': {}})

    def get_usage(self, **query: str) -> list[dict[str, Any]]:
        """Get the usage in seconds by kind and model of parts.

        :param query: ``start``, ``end``, ``project`` and ``group_by``.
        """
        response = self.get('/usage', params=query)
        answer: dict[str, list[dict[str, Any]]] = response.json()
        return answer['usage']

    def get_choices(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Get the texts that requirements can have, by group and name."""
        response = self.get('/flavors/choices')
        answer: dict[str, dict[str, Any]] = response.json()
        return answer['choices']

    def get_capacity(self) -> resources.Capacity:
        """Get the total and free capacity of all pod managers together."""
        return self._get(resources.Capacity, requires_id=False)

    def get_capacities(self, *uuids: str) -> dict[str, dict[str, Any]]:
        """Get the total and free capacity of pod managers by UUID.

        :param uuids: those of the pod managers; without any: all.
        """
        params = {'pod_managers': ','.join(uuids) or 'all'}
        response = self.get('/capacity', params=params)
        answer: dict[str, dict[str, Any]] = response.json()
        return answer['pod_managers']

    def unreserve_system(
        self, resource: resources.System | str, ignore_missing: bool = True
    ) -> None:
        """Free a system that is reserved for the project that used it last."""
        self._unreserve(resources.System, resource, ignore_missing)

    def unreserve_device(
        self, resource: resources.Device | str, ignore_missing: bool = True
    ) -> None:
        """Free a device that is reserved for the project that used it last."""
        self._unreserve(resources.Device, resource, ignore_missing)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request; raise the error message of the service."""
        body = kwargs.get('json')
        if isinstance(body, dict) and schema.secrets() & body.keys():
            # keystoneauth would log the whole body.
            kwargs['log'] = False
            shown = {
                **body,
                **dict.fromkeys(schema.secrets() & body.keys(), '***'),
            }
            LOG.debug(
                'REQ: %s -d %s', ' '.join(map(str, args)), json.dumps(shown)
            )
        response = super().request(*args, **kwargs)
        errors.raise_from_response(response)
        return response

    def _get_resource(
        self, resource_type: Any, value: Any, **attrs: Any
    ) -> Any:
        if isinstance(value, str):
            if value in _NO_NAMES:
                raise exceptions.InvalidRequest(
                    f'"{value}" is neither a UUID nor a name'
                )
            # The value may be a name; it is a part of the path.
            value = urllib.parse.quote(value, safe='')
        return super()._get_resource(resource_type, value, **attrs)

    def _action(
        self, resource: resources.Node | str, body: dict[str, Any]
    ) -> resources.Node:
        return self._post(resources.Node, resource, 'action', body)

    def _unreserve(
        self, kind: type[R], resource: R | str, ignore_missing: bool
    ) -> None:
        found = self._get_resource(kind, resource)
        try:
            self.delete(f'{kind.base_path}/{found.id}/reservation')
        except exceptions.NotFoundException:
            if not ignore_missing:
                raise

    def _post(
        self,
        kind: type[R],
        resource: R | str | None,
        verb: str,
        body: dict[str, Any] | None = None,
    ) -> R:
        """Send a request that starts an operation; return the resource."""
        parts = [kind.base_path, verb]
        if resource is not None:
            parts.insert(1, self._get_resource(kind, resource).id)
        answer = self.post('/'.join(parts), json=body or {}).json()
        return kind.existing(**answer)
