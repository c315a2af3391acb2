# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.admin import inventory
from valence_dashboard.admin.chassis import tables

urlpatterns = inventory.urlpatterns(
    'chassis', 'Chassis', 'chassis', tables.Chassis
)
