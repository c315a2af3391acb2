# SPDX-License-Identifier: Apache-2.0
PANEL = 'summary'
PANEL_DASHBOARD = 'admin'
PANEL_GROUP = 'composable'
ADD_PANEL = 'valence_dashboard.admin.summary.panel.Summary'
