# SPDX-License-Identifier: Apache-2.0
"""The context of a request: the caller and the request ID."""

import contextlib
import functools
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import ParamSpec
from typing import TypeVar

from oslo_context import context

P = ParamSpec('P')
T = TypeVar('T')


class RequestContext(context.RequestContext):
    """The identity of the caller.

    It becomes that of its thread only by ``bind``, while a context of
    oslo.context does by being created.

    ``checked_rules`` has the names of the policy rules that were checked.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checked_rules: set[str] = set()

    def update_store(self) -> None:
        """Do nothing."""

    @property
    def scope(self) -> str:
        """The namespace of names: the project; empty without Keystone."""
        return self.project_id or ''


def anonymous() -> RequestContext:
    """The context of a request that needs no authentication."""
    return RequestContext()


def admin(user_id: str | None = None) -> RequestContext:
    """The context of all callers without Keystone.

    :param user_id: the name of the user, with HTTP basic authentication.
    """
    return RequestContext(
        user_id=user_id,
        is_admin=True,
        is_admin_project=True,
        roles=['admin', 'manager', 'member', 'reader'],
    )


def bind(ctx: RequestContext) -> RequestContext:
    """Have the log, and the requests of this thread, name a context."""
    _restore(ctx)
    return ctx


@contextlib.contextmanager
def working_for(
    request_id: str,
    global_request_id: str | None,
    user_id: str | None = None,
) -> Iterator[None]:
    """Have the log, and the requests of this thread, name an API request.

    :param user_id: who sent it.
    """
    previous = context.get_current()
    bind(
        RequestContext(
            request_id=request_id,
            global_request_id=global_request_id,
            user_id=user_id,
        )
    )
    try:
        yield
    finally:
        _restore(previous)


def _restore(previous: context.RequestContext | None) -> None:
    if previous is None:
        forget()
    else:
        context._request_store.context = previous


def forget() -> None:
    """End what this thread does for a request."""
    context._request_store.__dict__.pop('context', None)


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """The function, for the request of this thread in any other thread."""
    current = context.get_current()

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        previous = context.get_current()
        _restore(current)
        try:
            return function(*args, **kwargs)
        finally:
            _restore(previous)

    return wrapper


def current_request_id() -> str | None:
    """The identifier to send on to other services, if there is one."""
    current = context.get_current()
    found: str | None = None if current is None else current.global_id
    return found
