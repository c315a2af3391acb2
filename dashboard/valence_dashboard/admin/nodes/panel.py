# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.project.nodes import panel


class Nodes(panel.Nodes):
    # Nodes of all projects need the same rule as the inventory.
    policy_rules = (('composable', 'composable:pod_manager:list'),)
