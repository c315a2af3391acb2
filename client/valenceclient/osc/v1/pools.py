# SPDX-License-Identifier: Apache-2.0
"""``openstack valence pool …``: nodes that are kept ready in Ironic."""

import argparse
from typing import Any

from valenceclient.osc import base


class _Pool:
    collection = 'pools'
    kind = 'pool'


class Create(_Pool, base.Create):
    """Create a pool; nodes are composed for it at once."""


class List(_Pool, base.List):
    """List pools."""

    columns = ('uuid', 'name', 'state', 'ready', 'coming', 'used', 'reason')
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


class Drain(_Pool, base.ShowOne):
    """Make no more nodes for a pool, and release those that are ready."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the pool."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Drain the pool and show it."""
        found = self.call('drain', parsed_args.resource)
        return self.columns_and_values(found.api_fields(), parsed_args)


class Delete(_Pool, base.Delete):
    """Delete pools that were drained; nodes in use stay."""
