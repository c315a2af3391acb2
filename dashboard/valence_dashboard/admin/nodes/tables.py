# SPDX-License-Identifier: Apache-2.0
from django import http

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import projects
from valence_dashboard import tables
from valence_dashboard.project.nodes import tables as nodes


class Nodes(nodes.Nodes):
    """Nodes of all projects, with the project of each."""

    project = tables.column('project', 'project')
    managed_by = tables.column('managed_by')

    class Meta(nodes.Nodes.Meta):
        columns = (
            *('name', 'project', 'provision_state', 'power_state'),
            *('pod_manager', 'size', 'lease', 'managed_by', 'created_at'),
            'stable',
        )
        table_actions = (
            actions.filter_action(
                *('nodes', 'name', 'project_id', 'provision_state'),
                *('power_state', 'pod_manager', 'flavor', 'pool'),
                *('managed_by', 'lease_state', 'traits'),
            ),
            *nodes.Nodes.Meta.table_actions[1:],
        )

    def read_row(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """Read a row again."""
        node = super().read_row(request, uuid)
        projects.complete(request, [node])
        return node


def complete(request: http.HttpRequest, rows: list[api.Record]) -> None:
    """Add what the collection does not contain."""
    nodes.complete(request, rows)
    projects.complete(request, rows)
