# SPDX-License-Identifier: Apache-2.0
"""The context of a request: the caller and the request ID."""

from typing import Any

from oslo_context import context


class RequestContext(context.RequestContext):
    """The identity of the caller.

    ``checked_rules`` has the names of the policy rules that were checked.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checked_rules: set[str] = set()

    @property
    def scope(self) -> str:
        """The namespace of names: the project; empty without Keystone."""
        return self.project_id or ''


def anonymous() -> RequestContext:
    """The context of a request that needs no authentication."""
    return RequestContext(overwrite=False)


def admin(user_id: str | None = None) -> RequestContext:
    """The context of all callers without Keystone.

    :param user_id: the name of the user, with HTTP basic authentication.
    """
    return RequestContext(
        user_id=user_id,
        is_admin=True,
        is_admin_project=True,
        roles=['admin', 'manager', 'member', 'reader'],
        overwrite=False,
    )
