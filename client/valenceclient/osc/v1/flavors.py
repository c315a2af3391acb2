# SPDX-License-Identifier: Apache-2.0
"""``openstack valence flavor …``: named sets of requirements."""

import argparse
from collections.abc import Iterator
from typing import Any

from osc_lib import exceptions

from valenceclient.osc import actions
from valenceclient.osc import base
from valenceclient.osc import output


class _Flavor:
    collection = 'flavors'
    kind = 'flavor'


class Create(_Flavor, base.Create):
    """Create a flavor."""

    examples = (
        'flavor create large --processor total_cores=16 '
        '--memory capacity_mib=65536..131072',
        'flavor create gpu --pci-device type=gpu,count=2 '
        '--storage capacity_gib=500,type=SSD',
    )


class List(_Flavor, base.List):
    """List flavors."""

    columns = ('uuid', 'name', 'description', 'is_public')
    long_columns = ('properties', 'published_at', 'project_id', 'created_at')


class Show(_Flavor, base.Show):
    """Show a flavor."""


class Set(_Flavor, base.Set):
    """Change a flavor; this does not affect existing nodes."""


class Delete(_Flavor, base.Delete):
    """Delete flavors; this does not affect existing nodes."""


class Publish(_Flavor, actions.BodyAction):
    """Create flavors in Nova, or bring them up to date there."""

    method = 'publish_flavor'
    path = 'publish'


class Unpublish(_Flavor, actions.Action):
    """Delete flavors in Nova that were published."""

    method = 'unpublish_flavor'


class Choices(base.Lister):
    """List the models, vendors and types that flavors can require."""

    _NAMES = ('requirement', 'value', 'total', 'free')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the requirements to list."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'requirement',
            metavar='<requirement>',
            nargs='*',
            help='Only of these, such as processor or pci_devices.model.',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Show the choices of each requirement."""
        asked = parsed_args.requirement
        found = [
            {'requirement': f'{group}.{name}', **one}
            for group, names in self._known(asked).items()
            for name, listed in names.items()
            if not asked or {group, f'{group}.{name}'} & {*asked}
            for one in listed
        ]
        return self._NAMES, (
            output.row(one, self._NAMES, parsed_args) for one in found
        )

    def _known(
        self, asked: list[str]
    ) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Return all choices, which have what is asked for."""
        known: dict[str, dict[str, list[dict[str, Any]]]] = (
            self.client.get_choices()
        )
        names = [f'{group}.{name}' for group in known for name in known[group]]
        for one in asked:
            if one not in (*known, *names):
                raise exceptions.CommandError(
                    f'No requirement {one} has choices; these have: '
                    f'{", ".join(names)}.'
                )
        return known
