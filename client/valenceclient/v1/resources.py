# SPDX-License-Identifier: Apache-2.0
"""The resources of the API.

They do not declare fields. Every field of a response is an attribute, every
field given to create or update is sent, and lists accept all filters.
"""

from typing import Any

from openstack import resource


class _UnvalidatedQuery(resource.QueryParameters):
    """Query parameters that only the service validates."""

    def _validate(
        self, query: dict[str, Any], *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        return query

    def _transpose(
        self, query: dict[str, Any], resource_type: Any
    ) -> dict[str, Any]:
        in_path = resource_type._uri_mapping()
        return {k: one for k, one in query.items() if k not in in_path}


class Resource(resource.Resource):
    """Base class: a UUID, and any fields that the service returns."""

    _allow_unknown_attrs_in_body = True
    # Without this, openstacksdk would filter the results again by the
    # parameters that have the name of an attribute.
    _query_mapping = _UnvalidatedQuery('id', 'name', 'uuid', 'location')

    #: The UUID. After a request by name it is set from the response.
    id = resource.Body('uuid', alternate_id=True, aka='uuid')
    name = resource.Body('name')

    allow_list = True
    allow_fetch = True
    commit_method = 'PATCH'

    def commit(self, *args: Any, **kwargs: Any) -> Any:
        """Send the changes; the UUID never changes."""
        self._body._dirty.discard('uuid')
        return super().commit(*args, **kwargs)

    def delete(
        self,
        session: Any,
        error_message: str | None = None,
        *,
        params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Delete the resource; on 202 read the response body."""
        response = self._raw_delete(session, params=params, **kwargs)
        self._translate_response(
            response,
            has_body=response.status_code == 202,
            error_message=error_message,
        )
        return self

    def api_fields(self) -> dict[str, Any]:
        """Return all fields of the last response, by their API names.

        Without its links, which are for programs.
        """
        fields = dict(self._body.attributes)
        fields.pop('links', None)
        return fields

    def _translate_response(
        self,
        response: Any,
        has_body: bool | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Replace all fields by those of the response.

        So a password that was sent is not kept.
        """
        if has_body is not False:
            for old in (self._body.attributes, self._unknown_attrs_in_body):
                old.clear()
            dict.clear(self)
        super()._translate_response(response, has_body, *args, **kwargs)

    @classmethod
    def _get_next_link(
        cls,
        uri: str,
        response: Any,
        data: Any,
        marker: Any,
        limit: Any,
        total_yielded: int,
    ) -> Any:
        """Return the next page, if the response has a link to it.

        openstacksdk would request one more page if there was a limit. Only the
        query of the link is used, so that the token is sent to the same host
        as before.
        """
        link, params = super()._get_next_link(
            uri, response, data, marker, None, total_yielded
        )
        return (uri if link else None), params

    @classmethod
    def _alternate_id(cls) -> str:
        # openstacksdk does not search the base classes.
        return cls.id.name  # type: ignore[no-any-return]

    def _update_location(self) -> None:
        """Do nothing: openstacksdk would look the location up in Keystone."""


class PodManager(Resource):
    """A controller of pooled hardware."""

    base_path = '/pod_managers'
    resources_key = 'pod_managers'
    allow_create = True
    allow_commit = True
    allow_delete = True
    location = resource.Body('location')


class Chassis(Resource):
    """A container of hardware."""

    base_path = '/chassis'
    resources_key = 'chassis'
    allow_commit = True
    location = resource.Body('location')


class Rack(Chassis):
    """A chassis that is a rack."""

    base_path = '/racks'
    resources_key = 'racks'


class System(Resource):
    """A system from resource a node can be composed."""

    base_path = '/systems'
    resources_key = 'systems'
    allow_commit = True


class Device(Resource):
    """A pooled device that can be attached to a system."""

    base_path = '/devices'
    resources_key = 'devices'
    allow_commit = True


class Storage(Resource):
    """A storage service or pool."""

    base_path = '/storages'
    resources_key = 'storages'


class Flavor(Resource):
    """A named set of requirements."""

    base_path = '/flavors'
    resources_key = 'flavors'
    allow_create = True
    allow_commit = True
    allow_delete = True


class Node(Resource):
    """A bare-metal server composed from pooled hardware."""

    base_path = '/nodes'
    resources_key = 'nodes'
    allow_create = True
    allow_commit = True
    allow_delete = True


class Hold(Resource):
    """Hardware that is kept for nodes, until a time."""

    base_path = '/holds'
    resources_key = 'holds'
    allow_create = True
    allow_commit = True
    allow_delete = True


class Pool(Resource):
    """Nodes of a flavor that are kept ready in Ironic."""

    base_path = '/pools'
    resources_key = 'pools'
    allow_create = True
    allow_commit = True
    allow_delete = True


class Operation(Resource):
    """A change of hardware, with its state and result."""

    base_path = '/operations'
    resources_key = 'operations'
    allow_delete = True


class Finding(Resource):
    """Hardware that should not be there, or is missing."""

    base_path = '/findings'
    resources_key = 'findings'


class Condition(Resource):
    """Why hardware must not be used, changed or released for now."""

    base_path = '/conditions'
    resources_key = 'conditions'
    allow_create = True
    allow_delete = True


class Driver(Resource):
    """A driver: a supported kind of pod managers."""

    base_path = '/drivers'
    resources_key = 'drivers'
    allow_fetch = False
    id = resource.Body('name')


class Conductor(Resource):
    """A worker process of the service."""

    base_path = '/conductors'
    resources_key = 'conductors'
    allow_fetch = False


class Event(Resource):
    """A stored change of a resource."""

    base_path = '/events'
    resources_key = 'events'


class Access(Resource):
    """A project with access to a pod manager that is not public."""

    base_path = '/pod_managers/%(pod_manager)s/access'
    resources_key = 'access'
    allow_create = True
    allow_delete = True
    allow_fetch = False
    id = resource.Body('project_id', alternate_id=True, aka='project_id')
    pod_manager = resource.URI('pod_manager')


class Topology(Resource):
    """The tree of a pod manager: its chassis with what they contain."""

    base_path = '/pod_managers/%(pod_manager)s/topology'
    resource_key = 'topology'
    allow_list = False
    pod_manager = resource.URI('pod_manager')


class Capacity(Resource):
    """Total and free capacity."""

    base_path = '/capacity'
    resource_key = 'capacity'
    allow_list = False


class ExpectedPart(Resource):
    """Hardware that should be on a pod manager."""

    base_path = '/pod_managers/%(pod_manager)s/expected'
    resources_key = 'expected_parts'
    allow_fetch = False
    pod_manager = resource.URI('pod_manager')


class Period(Resource):
    """What a resource was from one time to another."""

    base_path = '/%(collection)s/%(of)s/history'
    resources_key = 'history'
    allow_fetch = False
    collection = resource.URI('collection')
    of = resource.URI('of')


class NodeStorage(Resource):
    """A drive or storage device of a node."""

    base_path = '/nodes/%(node)s/storages'
    resources_key = 'storages'
    allow_fetch = False
    node = resource.URI('node')
