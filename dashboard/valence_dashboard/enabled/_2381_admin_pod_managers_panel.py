# SPDX-License-Identifier: Apache-2.0
PANEL = 'pod_managers'
PANEL_DASHBOARD = 'admin'
PANEL_GROUP = 'composable'
ADD_PANEL = 'valence_dashboard.admin.pod_managers.panel.PodManagers'
