# SPDX-License-Identifier: Apache-2.0
from horizon import tabs

from valence_dashboard import api
from valence_dashboard import operations
from valence_dashboard import overview


class Overview(overview.Tab):
    component = 'Flavor'


class Operations(operations.Tab):
    def query_for(self, record: api.Record) -> dict[str, str]:
        """Filter by the flavor."""
        return {'target_uuid': record.id}


class Flavor(tabs.TabGroup):
    slug = 'flavor'
    tabs = (Overview, Operations)
