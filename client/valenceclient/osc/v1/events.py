# SPDX-License-Identifier: Apache-2.0
"""``openstack valence event …``: stored changes of resources."""

import argparse
from typing import Any

from valenceclient.osc import base


class _Event:
    collection = 'events'
    kind = 'event'


class List(_Event, base.List):
    """List events, the oldest first."""

    columns = (
        'uuid',
        'created_at',
        'event_type',
        'resource_uuid',
        'project_id',
    )
    long_columns = ('resource_type', 'user_id', 'request_id')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the times between which events are listed."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--since',
            metavar='<time>',
            help='List events since this time, such as 2030-01-31T12:00Z.',
        )
        parser.add_argument(
            '--until', metavar='<time>', help='List events before this time.'
        )
        return parser

    def _query(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        query = super()._query(parsed_args)
        times = list(query.get('created_at', ()))
        if parsed_args.since:
            times.append(f'gte:{parsed_args.since}')
        if parsed_args.until:
            times.append(f'lt:{parsed_args.until}')
        if times:
            query['created_at'] = times
        return query


class Show(_Event, base.Show):
    """Show an event with its payload."""
