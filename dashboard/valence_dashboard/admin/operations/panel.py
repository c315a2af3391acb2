# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.project.operations import panel


class Operations(panel.Operations):
    # Operations of all projects need the same rule as the inventory.
    policy_rules = (('composable', 'composable:pod_manager:list'),)
