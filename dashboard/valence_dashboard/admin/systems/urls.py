# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.admin import inventory
from valence_dashboard.admin.systems import tables

urlpatterns = inventory.urlpatterns(
    'system', 'System', 'systems', tables.Systems
)
