# SPDX-License-Identifier: Apache-2.0
"""Base classes of table actions."""

from typing import Any

from django import http
from horizon import tables

from valence_dashboard import api
from valence_dashboard.exceptions import Error
from valence_dashboard.messages import show_error


class PolicyAction:
    """An action that is hidden if the policy does not allow it.

    :cvar verb: resource and verb of the policy rule, such as ``node:delete``.
    """

    verb: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy_rules = (('composable', f'composable:{self.verb}'),)

    def get_policy_target(
        self, request: http.HttpRequest, datum: Any = None
    ) -> dict[str, Any]:
        """Return the project of the resource."""
        if datum is None or not datum.project_id:
            return {}
        return {'project_id': datum.project_id}


class LinkAction(PolicyAction, tables.LinkAction):
    """Opens a form."""

    classes = ('ajax-modal',)


class BatchAction(PolicyAction, tables.BatchAction):
    """Acts on one or several rows, and shows errors."""

    def handle(
        self,
        table: tables.DataTable,
        request: http.HttpRequest,
        obj_ids: list[str],
    ) -> http.HttpResponse:
        """Act on the rows that exist, and show errors of others.

        Horizon would stop at the first row that cannot be read.
        """
        found = []
        for obj_id in obj_ids:
            try:
                table.get_object_by_id(obj_id)
            except Error:
                show_error(request)
            else:
                found.append(obj_id)
        return super().handle(table, request, found)

    def action(self, request: http.HttpRequest, obj_id: str) -> None:
        """Act on one row."""
        try:
            self.act(api.client(request), obj_id)
        except Error:
            show_error(request, escalate=True)

    def act(self, client: api.Client, uuid: str) -> None:
        """Send the request."""
        raise NotImplementedError


class DangerAction(BatchAction):
    """An action that requires confirmation."""

    icon = 'trash'
    action_type = 'danger'
