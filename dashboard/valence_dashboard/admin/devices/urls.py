# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.admin import inventory
from valence_dashboard.admin.devices import tables

urlpatterns = inventory.urlpatterns(
    'device', 'Device', 'devices', tables.Devices
)
