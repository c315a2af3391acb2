# SPDX-License-Identifier: Apache-2.0
PANEL = 'holds'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'composable'
ADD_PANEL = 'valence_dashboard.project.holds.panel.Holds'
