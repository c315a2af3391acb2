# SPDX-License-Identifier: Apache-2.0
PANEL = 'operations'
PANEL_DASHBOARD = 'admin'
PANEL_GROUP = 'composable'
ADD_PANEL = 'valence_dashboard.admin.operations.panel.Operations'
