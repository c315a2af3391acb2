# SPDX-License-Identifier: Apache-2.0
"""Methods of the proxy that are the same for each kind of resource."""

import itertools
import re
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import TypeVar

from openstack import exceptions
from openstack import proxy

from valenceclient.v1 import resources

R = TypeVar('R', bound=resources.Resource)

#: How the value of a filter begins that is not just compared.
OPERATOR = re.compile(r'(eq|ne|gt|gte|lt|lte|in|contains):')
# Parameters that are a list of names themselves.
_NAMES = re.compile(r'fields|(not-)?(tags|traits)(-any)?')


def list_method(kind: type[R]) -> Callable[..., Iterator[R]]:
    """Return the method of a proxy: list a collection."""

    def method(
        self: proxy.Proxy, max_items: int | None = None, **query: Any
    ) -> Iterator[R]:
        sent = {name: _parameter(name, one) for name, one in query.items()}
        return itertools.islice(self._list(kind, **sent), max_items)

    method.__doc__ = f"""Iterate over a collection, page by page as needed.

    :param max_items: the maximum number of resources.
    :param query: filters, ``sort_key``, ``sort_dir``, ``fields``, ``limit``
        (page size) and ``marker`` of the API. Several values of a filter, or
        several fields, are a list.
    :returns: an iterator of :class:`~valenceclient.v1.resources.{_name(kind)}`
    """
    method.__name__ = str(kind.resources_key)
    return method


def get_method(kind: type[R]) -> Callable[..., R]:
    """Return the method of a proxy: get a resource."""

    def method(self: proxy.Proxy, resource: R | str) -> R:
        return self._get(kind, resource)

    method.__doc__ = f"""Get a resource by UUID or name.

    :returns: a :class:`~valenceclient.v1.resources.{_name(kind)}`
    :raises: :class:`~openstack.exceptions.NotFoundException`
    """
    method.__name__ = f'get_{_snake(kind)}'
    return method


def find_method(kind: type[R]) -> Callable[..., R | None]:
    """Return the method of a proxy: get a resource, if it exists."""

    def method(
        self: proxy.Proxy, name_or_id: str, ignore_missing: bool = True
    ) -> R | None:
        try:
            return self._get(kind, name_or_id)
        except exceptions.NotFoundException:
            if ignore_missing:
                return None
            raise

    method.__doc__ = f"""Get a resource by UUID or name, if it exists.

    :returns: a :class:`~valenceclient.v1.resources.{_name(kind)}`, or None
    :raises: :class:`~openstack.exceptions.NotFoundException` without
        ``ignore_missing``
    """
    method.__name__ = f'find_{_snake(kind)}'
    return method


def create_method(kind: type[R]) -> Callable[..., R]:
    """Return the method of a proxy: create a resource."""

    def method(self: proxy.Proxy, **fields: Any) -> R:
        return self._create(kind, **fields)

    method.__doc__ = f"""Create a resource with these fields of the API.

    :returns: a :class:`~valenceclient.v1.resources.{_name(kind)}`
    """
    method.__name__ = f'create_{_snake(kind)}'
    return method


def update_method(kind: type[R]) -> Callable[..., R]:
    """Return the method of a proxy: change a resource."""

    def method(self: proxy.Proxy, resource: R | str, **fields: Any) -> R:
        return self._update(kind, resource, **fields)

    method.__doc__ = (
        'Change fields of a resource, given by object, UUID or name.'
    )
    method.__name__ = f'update_{_snake(kind)}'
    return method


def delete_method(kind: type[R]) -> Callable[..., R | None]:
    """Return the method of a proxy: delete a resource."""

    def method(
        self: proxy.Proxy,
        resource: R | str,
        ignore_missing: bool = True,
        **params: Any,
    ) -> R | None:
        # Proxy._delete of older releases loses the parameters.
        found = self._get_resource(kind, resource)
        try:
            found.delete(self, params=params)
        except exceptions.NotFoundException:
            if ignore_missing:
                return None
            raise
        return found

    method.__doc__ = """Delete a resource, given by object, UUID or name.

    :param params: query parameters, such as ``cascade='true'``.
    :returns: the resource; with ``operation_uuid`` if an operation deletes it.
    """
    method.__name__ = f'delete_{_snake(kind)}'
    return method


def _parameter(name: str, value: Any) -> Any:
    """Return a query parameter; a list of values means any of them."""
    if not isinstance(value, list | tuple | set | frozenset):
        return value
    values = [str(one) for one in value]
    if _NAMES.fullmatch(name):
        return ','.join(values)
    if len(values) < 2 or any(OPERATOR.match(one) for one in values):
        # Each of them is a condition.
        return values
    return f'in:{",".join(values)}'


def _name(kind: type[resources.Resource]) -> str:
    return kind.__name__


def _snake(kind: type[resources.Resource]) -> str:
    return re.sub(r'(?<!^)(?=[A-Z])', '_', _name(kind)).lower()
