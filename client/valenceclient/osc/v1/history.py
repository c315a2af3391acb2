# SPDX-License-Identifier: Apache-2.0
"""``openstack valence … history list``: what resources were, and when."""

import argparse
from collections.abc import Iterable
from typing import Any

from valenceclient.osc import base


class _History(base.List):
    columns = ('began_at', 'ended_at', 'field', 'value', 'reason', 'user_id')
    long_columns = ('resource_type', 'resource_uuid', 'request_id')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the resource."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        return parser

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """Return what the resource was."""
        collection = self.collection.partition('/')[0]
        found: Iterable[Any] = self.client.history(
            collection, parsed_args.resource, **query
        )
        return found


class OfNode(_History):
    """List what a node was, and the conditions of its hardware."""

    collection = 'nodes/{id}/history'
    kind = 'node'


class OfSystem(_History):
    """List what a system was, and the conditions that held for it."""

    collection = 'systems/{id}/history'
    kind = 'system'


class OfDevice(_History):
    """List what a device was, and the conditions that held for it."""

    collection = 'devices/{id}/history'
    kind = 'device'


class OfPodManager(_History):
    """List what a pod manager was."""

    collection = 'pod_managers/{id}/history'
    kind = 'pod_manager'
