# SPDX-License-Identifier: Apache-2.0
PANEL_GROUP = 'composable'
PANEL_GROUP_NAME = 'Composable'
PANEL_GROUP_DASHBOARD = 'admin'
