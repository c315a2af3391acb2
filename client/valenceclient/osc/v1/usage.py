# SPDX-License-Identifier: Apache-2.0
"""``openstack valence usage show``: who used what, and for how long."""

import argparse
from collections.abc import Iterator
from typing import Any

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import options
from valenceclient.osc import output

_SUMS = ('seconds', 'core_seconds', 'memory_mib_seconds')


class Show(base.Lister):
    """Show usage in seconds; use -f csv for other programs."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the query parameters of the API."""
        parser = super().get_parser(prog_name)
        for name, parameter in schema.parameters('get', 'usage').items():
            parser.add_argument(
                options.option_name(name),
                dest=f'query_{name}',
                metavar=f'<{name.replace("_", "-")}>',
                help=parameter['description'].replace('%', '%%'),
            )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Show the usage."""
        query = {
            name: value
            for name in schema.parameters('get', 'usage')
            if (value := getattr(parsed_args, f'query_{name}')) is not None
        }
        found = self.client.get_usage(**query)
        names = tuple(found[0]) if found else _SUMS
        return names, (output.row(one, names, parsed_args) for one in found)
