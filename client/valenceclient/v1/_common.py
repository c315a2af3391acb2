# SPDX-License-Identifier: Apache-2.0
"""What all resources of the API have in common.

The classes declare the fields and filters of the API document. The service
may have others: every field of a response is an attribute, every field given
to create or update is sent, and lists accept all filters.
"""

from typing import Any

from openstack import resource


class QueryParameters(resource.QueryParameters):
    """Query parameters, which only the service validates."""

    def _validate(
        self, query: dict[str, Any], *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        # openstacksdk would filter the results again by a field that it does
        # not know as a parameter.
        self._mapping.update({name: name for name in query})
        return query

    def _transpose(
        self, query: dict[str, Any], resource_type: Any
    ) -> dict[str, Any]:
        in_path = resource_type._uri_mapping()
        return {k: one for k, one in query.items() if k not in in_path}


class Resource(resource.Resource):
    """Base class: a UUID, and any fields that the service returns."""

    _allow_unknown_attrs_in_body = True
    _query_mapping = QueryParameters()

    #: The UUID. After a request by name it is set from the response.
    id = resource.Body('uuid', alternate_id=True, aka='uuid')
    name = resource.Body('name')

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
