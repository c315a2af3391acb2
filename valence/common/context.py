# SPDX-License-Identifier: Apache-2.0
"""Who asks, and under which request id."""

from typing import Any

from oslo_context import context


class RequestContext(context.RequestContext):
    """The identity behind a request or an operation.

    ``asked`` has the names of the policy rules that were asked for it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: set[str] = set()

    @property
    def scope(self) -> str:
        """The namespace of names: the project, empty without Keystone."""
        return self.project_id or ''


def nobody() -> RequestContext:
    """The context of a request that needs no identity."""
    return RequestContext(overwrite=False)


def admin(user_id: str | None = None) -> RequestContext:
    """The context of everybody where there is no Keystone.

    :param user_id: the name under which the user logged in, if at all.
    """
    return RequestContext(
        user_id=user_id,
        is_admin=True,
        is_admin_project=True,
        roles=['admin', 'manager', 'member', 'reader'],
        overwrite=False,
    )
