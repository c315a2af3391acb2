# SPDX-License-Identifier: Apache-2.0
from valence_dashboard import api
from valence_dashboard import projects
from valence_dashboard import tables
from valence_dashboard.project.nodes import tables as nodes


class Nodes(nodes.Nodes):
    """Nodes of all projects, with the project of each."""

    filter_by = (
        *('name', 'project_id', 'provision_state', 'power_state'),
        *('pod_manager', 'flavor', 'pool', 'managed_by', 'lease_state'),
        'traits',
    )
    project = tables.column('project', 'project')
    managed_by = tables.column('managed_by')

    class Meta(nodes.Nodes.Meta):
        columns = (
            *('name', 'project', 'provision_state', 'power_state'),
            *('pod_manager', 'size', 'lease', 'managed_by', 'created_at'),
        )

    def complete(self, rows: list[api.Record]) -> None:
        """Add the names of the projects, too."""
        super().complete(rows)
        projects.complete(self.request, rows)
