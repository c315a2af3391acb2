# SPDX-License-Identifier: Apache-2.0
"""Base classes of commands that act on resources."""

import argparse
from collections.abc import Sequence
from typing import Any

from osc_lib import exceptions

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import options
from valenceclient.osc import output
from valenceclient.osc import progress
from valenceclient.osc import several

# What is shown of several resources; all is shown of one.
_COLUMNS = (
    *('uuid', 'name', 'action', 'provision_state', 'state', 'status'),
    *('operation_uuid', 'error', 'last_error'),
)


class Action(base.ShowOne):
    """Act on resources, and show them.

    :cvar method: of the proxy.
    :cvar many: whether several resources can be given.
    :cvar starts_operation: whether the request starts an operation.
    """

    method: str
    many = True
    starts_operation = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the resources, and the options for waiting."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser, many=self.many)
        if self.starts_operation:
            progress.add_options(parser)
        return parser

    def arguments(self, parsed_args: argparse.Namespace) -> tuple[Any, ...]:
        """Return the positional arguments of the method."""
        return ()

    def options(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """Return the keyword arguments of the method."""
        return {}

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command; fail after the output if an action failed."""
        given = parsed_args.resource
        self._attempts = several.Attempts(given if self.many else [given])
        status = super().run(parsed_args)
        self._attempts.finish()
        return status

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Act on the resources and show them."""
        several_given = len(self._attempts.names) > 1
        if several_given and not hasattr(self.formatter, 'emit_list'):
            raise exceptions.CommandError(
                f'The format {parsed_args.formatter} shows one resource only.'
            )
        started = self._attempts.each(lambda name: self.act(name, parsed_args))
        if getattr(parsed_args, 'wait', False):
            started = progress.wait_for_each(
                lambda one: self.wait(one, parsed_args),
                started,
                self._attempts,
            )
        if not started:
            self._attempts.finish()
        answers = [one.api_fields() for one in started.values()]
        if not several_given:
            return self.columns_and_values(answers[0], parsed_args)
        names = tuple(name for name in _COLUMNS if name in answers[0])
        return names, [output.row(one, names, parsed_args) for one in answers]

    def act(self, resource: str, parsed_args: argparse.Namespace) -> Any:
        """Act on one resource, and return what the method returns."""
        return getattr(self.client, self.method)(
            resource, *self.arguments(parsed_args), **self.options(parsed_args)
        )

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Any,
    ) -> int:
        """Print one resource, or a row for each of several."""
        if len(self._attempts.names) == 1:
            return super().produce_output(parsed_args, column_names, data)
        names, selector = self._generate_columns_and_selector(
            parsed_args, column_names
        )
        if selector:
            data = [self._compress_iterable(row, selector) for row in data]
        formatter: Any = self.formatter
        formatter.emit_list(names, data, self.app.stdout, parsed_args)
        return 0


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
