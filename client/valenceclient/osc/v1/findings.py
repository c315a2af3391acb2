# SPDX-License-Identifier: Apache-2.0
"""``openstack valence finding …``: hardware that differs from the records."""

from valenceclient.osc import base


class _Finding:
    collection = 'findings'
    kind = 'finding'


class List(_Finding, base.List):
    """List hardware that should not be there, or is missing."""

    columns = (
        'uuid',
        'kind',
        'podm_uuid',
        'resource_uri',
        'name',
        'state',
        'first_seen_at',
    )
    long_columns = ('reason', 'node_uuid', 'project_id', 'last_seen_at')


class Show(_Finding, base.Show):
    """Show a finding."""
