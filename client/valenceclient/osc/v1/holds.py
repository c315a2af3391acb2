# SPDX-License-Identifier: Apache-2.0
"""``openstack valence hold …``: hardware that is kept for nodes."""

from valenceclient.osc import base


class _Hold:
    collection = 'holds'
    kind = 'hold'


class Create(_Hold, base.Create):
    """Hold hardware for nodes, until a time."""

    examples = ('hold create demo --flavor large --count 4 --seconds 43200',)


class List(_Hold, base.List):
    """List holds."""

    columns = ('uuid', 'name', 'state', 'remaining', 'expires_at', 'flavor')
    long_columns = (
        'count',
        'pod_manager',
        'podm_uuid',
        'flavor_uuid',
        'properties',
        'project_id',
        'created_at',
    )


class Show(_Hold, base.Show):
    """Show a hold with the hardware that it keeps."""


class Set(_Hold, base.Set):
    """Change when a hold expires."""


class Delete(_Hold, base.Delete):
    """Delete holds; what they keep is free again."""
