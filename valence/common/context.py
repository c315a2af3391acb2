# SPDX-License-Identifier: Apache-2.0
"""Who asks, and under which request id."""

from oslo_context import context


class RequestContext(context.RequestContext):
    """The identity behind a request or an operation."""

    @property
    def scope(self) -> str:
        """The namespace of names: the project, empty without Keystone."""
        return self.project_id or ''


def admin() -> RequestContext:
    """The context of Valence's own work, and of everybody under noauth."""
    return RequestContext(
        is_admin=True,
        is_admin_project=True,
        roles=['admin', 'manager', 'member', 'reader'],
        overwrite=False,
    )
