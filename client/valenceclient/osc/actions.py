# SPDX-License-Identifier: Apache-2.0
"""Base classes of commands that start an operation on a resource."""

import argparse
from typing import Any

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import options
from valenceclient.osc import progress


class Action(base.ShowOne):
    """Start an operation on a resource."""

    method: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the resource, and the options for waiting."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        progress.add_options(parser)
        return parser

    def arguments(self, parsed_args: argparse.Namespace) -> tuple[Any, ...]:
        """Return the positional arguments of the method."""
        return ()

    def options(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """Return the keyword arguments of the method."""
        return {}

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Start the operation and show the resource."""
        started = getattr(self.client, self.method)(
            parsed_args.resource,
            *self.arguments(parsed_args),
            **self.options(parsed_args),
        )
        return self.columns_and_values(
            self.result(started, parsed_args), parsed_args
        )


class BodyAction(Action):
    """An action with an option for every field of its request.

    :cvar path: of the request, below that of the resource.
    """

    path: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the options of the request."""
        parser = super().get_parser(prog_name)
        options.add(parser, self._body)
        return parser

    def options(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """Return the options by their names in the API."""
        return options.to_body(parsed_args, self._body)

    @property
    def _body(self) -> schema.JSON:
        return schema.body('post', f'{self.collection}/{{id}}/{self.path}')
