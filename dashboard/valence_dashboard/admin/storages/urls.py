# SPDX-License-Identifier: Apache-2.0
from valence_dashboard.admin import inventory
from valence_dashboard.admin.storages import tables

urlpatterns = inventory.urlpatterns(
    'storage', 'Storage', 'storages', tables.Storages
)
