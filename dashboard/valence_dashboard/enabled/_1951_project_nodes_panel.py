# SPDX-License-Identifier: Apache-2.0
PANEL = 'nodes'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'composable'
ADD_PANEL = 'valence_dashboard.project.nodes.panel.Nodes'
