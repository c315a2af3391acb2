# SPDX-License-Identifier: Apache-2.0
"""The resources of the API.

None declares its fields: whatever the service answers is an attribute,
whatever is given to create or update is sent, and any filter may be given to
a list.
"""

from typing import Any

from openstack import resource


class _AnyParameter(resource.QueryParameters):
    """Query parameters that the service judges, not the client."""

    def _validate(
        self, query: dict[str, Any], *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        return query

    def _transpose(
        self, query: dict[str, Any], resource_type: Any
    ) -> dict[str, Any]:
        places = resource_type._uri_mapping()
        return {k: one for k, one in query.items() if k not in places}


class Resource(resource.Resource):
    """What all resources share: a UUID, and fields as the service says."""

    _allow_unknown_attrs_in_body = True
    # The parameters that bear the name of an attribute of every resource;
    # openstacksdk would filter by them once more, on this side.
    _query_mapping = _AnyParameter('id', 'name', 'uuid', 'location')

    #: The UUID; where the service was asked by name, it is known once the
    #: service has answered.
    id = resource.Body('uuid', alternate_id=True, aka='uuid')
    name = resource.Body('name')

    allow_list = True
    allow_fetch = True
    commit_method = 'PATCH'

    def commit(self, *args: Any, **kwargs: Any) -> Any:
        """Send what has changed; the UUID never has."""
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
        """Delete, and take over what the service says if it goes on."""
        response = self._raw_delete(session, params=params, **kwargs)
        self._translate_response(
            response,
            has_body=response.status_code == 202,
            error_message=error_message,
        )
        return self

    def answer(self) -> dict[str, Any]:
        """All fields that the service has told, under its own names."""
        return dict(self._body.attributes)

    def _translate_response(
        self,
        response: Any,
        has_body: bool | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Take over what the service says, in place of what was there.

        So nothing keeps a password that was sent.
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
        """The next page, which is there if the service says so.

        openstacksdk would ask for one more wherever there was a limit. Of the
        address that the service gives only the query matters: the token goes
        where it went before.
        """
        link, params = super()._get_next_link(
            uri, response, data, marker, None, total_yielded
        )
        return (uri if link else None), params

    @classmethod
    def _alternate_id(cls) -> str:
        # openstacksdk does not look for it in the classes above.
        return cls.id.name  # type: ignore[attr-defined, no-any-return]

    def _update_location(self) -> None:
        """Do not ask Keystone where a resource is: Valence does not say."""


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
    location = resource.Body('location')


class Rack(Chassis):
    """A chassis that is a rack."""

    base_path = '/racks'
    resources_key = 'racks'


class System(Resource):
    """A computer that a node can be made of."""

    base_path = '/systems'
    resources_key = 'systems'


class Device(Resource):
    """A pooled part that can be joined to a system."""

    base_path = '/devices'
    resources_key = 'devices'


class Storage(Resource):
    """A storage service, or a pool of one."""

    base_path = '/storages'
    resources_key = 'storages'


class Flavor(Resource):
    """Requirements under a name."""

    base_path = '/flavors'
    resources_key = 'flavors'
    allow_create = True
    allow_commit = True
    allow_delete = True


class Node(Resource):
    """A bare-metal server composed out of pooled hardware."""

    base_path = '/nodes'
    resources_key = 'nodes'
    allow_create = True
    allow_commit = True
    allow_delete = True


class Operation(Resource):
    """A change that has to reach hardware, from wish to outcome."""

    base_path = '/operations'
    resources_key = 'operations'
    allow_delete = True


class Driver(Resource):
    """A kind of pod manager that can be registered."""

    base_path = '/drivers'
    resources_key = 'drivers'
    allow_fetch = False
    id = resource.Body('name')


class Conductor(Resource):
    """A worker process of the service."""

    base_path = '/conductors'
    resources_key = 'conductors'
    allow_fetch = False


class Access(Resource):
    """A project that may use a pod manager that is not public."""

    base_path = '/pod_managers/%(pod_manager)s/access'
    resources_key = 'access'
    allow_create = True
    allow_delete = True
    allow_fetch = False
    id = resource.Body('project_id', alternate_id=True, aka='project_id')
    pod_manager = resource.URI('pod_manager')


class Topology(Resource):
    """The tree of a pod manager: its chassis, and the systems in them."""

    base_path = '/pod_managers/%(pod_manager)s/topology'
    resource_key = 'topology'
    allow_list = False
    pod_manager = resource.URI('pod_manager')


class Capacity(Resource):
    """How much hardware there is, and how much of it is free."""

    base_path = '/capacity'
    resource_key = 'capacity'
    allow_list = False


class NodeStorage(Resource):
    """A drive or a device that a node stores on."""

    base_path = '/nodes/%(node)s/storages'
    resources_key = 'storages'
    allow_fetch = False
    node = resource.URI('node')
