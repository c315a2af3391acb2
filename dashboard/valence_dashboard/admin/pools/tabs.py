# SPDX-License-Identifier: Apache-2.0
from horizon import tabs

from valence_dashboard import api
from valence_dashboard import overview
from valence_dashboard.admin.nodes import tabs as nodes


class Overview(overview.Tab):
    component = 'Pool'
    in_header = ('state', 'reason')


class Nodes(nodes.Tab):
    def query_for(self, record: api.Record) -> dict[str, str]:
        """Filter by the pool."""
        return {'pool_uuid': record.id}


class Pool(tabs.TabGroup):
    slug = 'pool'
    tabs = (Overview, Nodes)
