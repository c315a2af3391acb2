# SPDX-License-Identifier: Apache-2.0
"""``openstack valence pool …``: nodes that are kept ready in Ironic."""

from valenceclient.osc import actions
from valenceclient.osc import base


class _Pool:
    collection = 'pools'
    kind = 'pool'


class Create(_Pool, base.Create):
    """Create a pool; nodes are composed for it at once."""

    examples = (
        'pool create ready --flavor large --min-ready 2 --max-ready 4 '
        '--max-nodes 20',
    )


class List(_Pool, base.List):
    """List pools."""

    columns = (
        *('uuid', 'name', 'state', 'flavor'),
        *('ready', 'coming', 'used', 'reason'),
    )
    long_columns = (
        'flavor_uuid',
        'pod_managers',
        'min_ready',
        'max_ready',
        'max_nodes',
        'project_id',
        'checked_at',
    )


class Show(_Pool, base.Show):
    """Show a pool."""


class Set(_Pool, base.Set):
    """Change a pool; this does not affect nodes that it has."""


class Drain(_Pool, actions.Action):
    """Make no more nodes for pools, and release those that are ready."""

    method = 'drain_pool'
    starts_operation = False


class Delete(_Pool, base.Delete):
    """Delete pools that were drained; nodes in use stay."""
