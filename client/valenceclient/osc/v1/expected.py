# SPDX-License-Identifier: Apache-2.0
"""``openstack valence podmanager expected …``: what should be there."""

import argparse
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import output
from valenceclient.osc import values
from valenceclient.v1 import expectations

_KEYS = ('type', 'serial_number', 'place')


class _OfPodManager(base.Command):
    kind = 'pod_manager'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the pod manager."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        return parser


class _Counted(_OfPodManager, base.ShowOne):
    def shown(self, count: int, parsed_args: argparse.Namespace) -> Any:
        """Return how many parts are expected now."""
        return self.columns_and_values({'parts': count}, parsed_args)


class Set(_Counted):
    """Say which hardware should be on a pod manager; it replaces all of it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the file."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'parts',
            metavar='<file>',
            type=_parse,
            help='Path of a file, or - for standard input: CSV whose first '
            'line names the columns, or JSON, the parts of the API. "expected '
            'list --long -f csv" prints such a file.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Send the file, and show how many parts it has."""
        count = self.client.set_expected_parts(
            parsed_args.resource, parsed_args.parts
        )
        return self.shown(count, parsed_args)


class Snapshot(_Counted):
    """Expect the hardware that is on a pod manager now."""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Expect what was seen last, and show how many parts that are."""
        count = self.client.expect_what_is_there(parsed_args.resource)
        return self.shown(count, parsed_args)


class Unset(_OfPodManager):
    """Expect nothing on a pod manager any more."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Send an empty list."""
        self.client.set_expected_parts(parsed_args.resource, [])


class List(_OfPodManager, base.List):
    """List the hardware that should be on a pod manager."""

    collection = 'pod_managers/{id}/expected'
    columns = (*_KEYS, 'properties')
    # Those of "long" are a file for "expected set".
    long_columns = ('name',)

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """Return the parts, of which each property has a column, too."""
        for part in self.client.expected_parts(parsed_args.resource, **query):
            yield _Row(part.api_fields())

    def _names(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        if parsed_args.long and not parsed_args.fields:
            return (*_KEYS, *_properties())
        return super()._names(parsed_args)


class _Row(dict[str, Any]):
    """A part with its properties as fields of its own."""

    def api_fields(self) -> dict[str, Any]:
        """Return the fields."""
        return {**(self.get('properties') or {}), **self}


class Report(_OfPodManager, base.Lister):
    """Compare the hardware of a pod manager with what should be there."""

    _NAMES = ('finding', *_KEYS, 'uuid', 'differences')

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """List what is missing, unexpected, different or moved."""
        report = self.client.get_expected_report(parsed_args.resource)
        rows = (
            {'finding': finding, **one}
            for finding, entries in report.items()
            for one in entries
        )
        return self._NAMES, (
            output.row(one, self._NAMES, parsed_args) for one in rows
        )


def _properties() -> tuple[str, ...]:
    body = schema.body('put', 'pod_managers/{id}/expected')
    part = body['properties']['parts']['items']['properties']
    return tuple(part['properties']['properties'])


def _parse(path: str) -> list[dict[str, Any]] | str:
    """Return the parts of a file, or its text if it is CSV."""
    try:
        return expectations.parse(values.read_file(path))
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f'{path}: {exc}') from None
