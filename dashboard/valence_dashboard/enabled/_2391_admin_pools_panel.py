# SPDX-License-Identifier: Apache-2.0
PANEL = 'pools'
PANEL_DASHBOARD = 'admin'
PANEL_GROUP = 'composable'
ADD_PANEL = 'valence_dashboard.admin.pools.panel.Pools'
