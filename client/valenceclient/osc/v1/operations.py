# SPDX-License-Identifier: Apache-2.0
"""``openstack valence operation …``: changes of hardware."""

import argparse
import itertools
import sys
from collections.abc import Iterator
from typing import Any

from osc_lib import exceptions

from valenceclient.osc import base

_LIMIT = 50


class _Operation:
    collection = 'operations'
    kind = 'operation'


class List(_Operation, base.List):
    """List operations, the newest first."""

    examples = (
        'operation list --state failed --long',
        'operation list --limit 200',
    )

    columns = (
        'uuid',
        'action',
        'target',
        'state',
        'progress',
        'created_at',
    )
    long_columns = (
        *('target_type', 'target_uuid', 'step', 'attempt', 'error'),
        *('pod_manager', 'podm_uuid', 'finished_at'),
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the option that lifts the limit."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--all',
            action='store_true',
            help=f'List all operations. Without this option and --limit, '
            f'{_LIMIT} are listed.',
        )
        return parser

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterator[Any]:
        """Return the operations; say if there are more."""
        if parsed_args.all:
            if parsed_args.limit:
                raise exceptions.CommandError(
                    '--all and --limit cannot be given together.'
                )
            yield from super().rows(parsed_args, query)
            return
        limit = parsed_args.limit or _LIMIT
        query |= {'limit': limit + 1, 'max_items': limit + 1}
        found = iter(super().rows(parsed_args, query))
        yield from itertools.islice(found, limit)
        if next(found, None) is not None:
            sys.stderr.write(
                'There are more operations; see --limit, --marker and --all.\n'
            )

    def _query(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        query = super()._query(parsed_args)
        # The API sorts by UUID only if it filters by UUID.
        if {'sort_key', 'uuid'} & query.keys():
            return query
        return {'sort_key': 'created_at', 'sort_dir': 'desc', **query}


class Show(_Operation, base.Show):
    """Show an operation with its steps."""


class Cancel(_Operation, base.Delete):
    """Cancel operations; completed steps are undone."""

    verb = 'cancel'
