# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.project.operations import panel


class Operations(panel.Operations):
    # Those of all projects are for those who see what all share.
    policy_rules = (('composable', 'composable:pod_manager:list'),)
