# SPDX-License-Identifier: Apache-2.0
"""Base classes of the commands.

``collection`` is the path of the resource in the API, and the name of the
proxy method that lists it. ``kind`` is the resource name in the other proxy
methods.
"""

import argparse
import uuid
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from osc_lib import exceptions
from osc_lib.command import command

from valenceclient import schema
from valenceclient.osc import epilog
from valenceclient.osc import names
from valenceclient.osc import options
from valenceclient.osc import output
from valenceclient.osc import paging
from valenceclient.osc import progress
from valenceclient.osc import several

_OWNER = 'project_id'


class Command(command.Command):
    """A command that calls Valence and reports errors in one line.

    :cvar examples: how to use it, shown at the end of the help.
    """

    collection: str
    kind: str
    examples: tuple[str, ...] = ()

    @property
    def client(self) -> Any:
        """Return the proxy; see ``valenceclient.v1.proxy``."""
        return self.app.client_manager.composable  # type: ignore[attr-defined]

    def get_epilog(self) -> str:
        """Return the end of the help, without reading all packages."""
        hooks = (one.obj.get_epilog() for one in self._hooks if one.obj)
        return '\n\n'.join(filter(None, (epilog.of(self.examples), *hooks)))

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Let the help show the lines of examples as they are."""
        parser = super().get_parser(prog_name)
        parser.formatter_class = epilog.Formatter
        return parser

    def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Call the proxy method of this verb and kind of resource."""
        return getattr(self.client, f'{verb}_{self.kind}')(*args, **kwargs)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command, and convert API errors to command errors."""
        try:
            return super().run(parsed_args)
        except output.REQUEST_ERRORS as exc:
            raise exceptions.CommandError(output.error_message(exc)) from exc

    def add_resource(
        self, parser: argparse.ArgumentParser, many: bool = False
    ) -> None:
        """Add the argument that identifies the resource."""
        name = self.kind.replace('_', '-')
        parser.add_argument(
            'resource',
            metavar=f'<{name}>',
            nargs='+' if many else None,
            help=f'UUID or name of the {self.kind.replace("_", " ")}'
            + ('; several are separated by spaces.' if many else '.'),
        )


class Lister(Command, command.Lister):
    """Print rows."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add an option of the format CSV."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--no-quote',
            action='store_true',
            help='In CSV, do not quote values that a spreadsheet would '
            'calculate.',
        )
        return parser


class List(Lister):
    """List a collection.

    :cvar columns: the default columns.
    :cvar long_columns: the columns that ``--long`` adds.
    """

    columns: tuple[str, ...]
    long_columns: tuple[str, ...] = ()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the filters, sorting and pagination of the API."""
        parser = super().get_parser(prog_name)
        known = schema.parameters('get', self.collection)
        if self.long_columns:
            parser.add_argument(
                '--long', action='store_true', help='Show additional columns.'
            )
        if 'fields' in known:
            parser.add_argument(
                '--fields',
                metavar='<field>[,<field>…]',
                help='Show these fields; separate them with commas.',
            )
        paging.add_options(parser, known)
        if _OWNER in known:
            names.add_project_options(parser)
        for name, parameter in schema.filters(self.collection).items():
            parser.add_argument(
                options.option_name(name),
                dest=f'filter_{name}',
                action='append',
                metavar=f'<{name.replace("_", "-")}>',
                help=parameter['description'].replace('%', '%%'),
            )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """List the resources."""
        columns = self._names(parsed_args)
        found = self.rows(parsed_args, self._query(parsed_args))
        return columns, (
            output.row(one, columns, parsed_args)
            for one in names.add_to_rows(
                (resource.api_fields() for resource in found),
                self._shown(columns, parsed_args),
                self.app.client_manager,
            )
        )

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """Return the resources to list."""
        found: Iterable[Any] = getattr(self.client, self.collection)(**query)
        return found

    def _names(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        given = getattr(parsed_args, 'fields', None)
        if given is not None:
            return tuple(name.strip() for name in given.split(','))
        chosen = list(self.columns)
        if getattr(parsed_args, 'long', False):
            chosen += self.long_columns
        if getattr(parsed_args, 'all_projects', False):
            chosen.append('project')
        # Other fields can be shown by -c, too.
        known = schema.fields(self.collection)
        chosen += [
            name for name in parsed_args.columns if known >= names.fields(name)
        ]
        return tuple(dict.fromkeys(chosen))

    def _shown(
        self, columns: tuple[str, ...], parsed_args: argparse.Namespace
    ) -> list[str]:
        given = (*parsed_args.columns, *parsed_args.sort_columns)
        chosen = {self._normalize_column_name(name) for name in given}
        return [
            name
            for name in columns
            if name in chosen or not parsed_args.columns
        ]

    def _query(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        query = {
            name: getattr(parsed_args, name, None)
            for name in ('sort_key', 'sort_dir')
        }
        # The user may not be permitted to see all default columns. Therefore
        # the request names fields only if the user does.
        if getattr(parsed_args, 'fields', None) is not None:
            needed = map(names.fields, self._names(parsed_args))
            query['fields'] = sorted(set().union(*needed))
        if getattr(parsed_args, 'limit', None) is not None:
            query['max_items'] = query['limit'] = parsed_args.limit
        if getattr(parsed_args, 'marker', None):
            query['marker'] = self._marker(parsed_args.marker)
        for name in schema.filters(self.collection):
            query[name] = getattr(parsed_args, f'filter_{name}')
        if getattr(parsed_args, 'project', None) is not None:
            query[_OWNER] = names.find_project_id(
                self.app.client_manager,
                parsed_args.project,
            )
        return {name: one for name, one in query.items() if one is not None}

    def _marker(self, marker: str) -> str:
        try:
            return str(uuid.UUID(marker))
        except ValueError:
            return str(self.call('get', marker).id)


class ShowOne(Command, command.ShowOne):
    """Show one resource."""

    def columns_and_values(
        self, answer: dict[str, Any], parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """Return all fields of a response in their order."""
        return tuple(answer), tuple(
            output.cell(one, parsed_args) for one in answer.values()
        )

    def result(
        self, started: Any, parsed_args: argparse.Namespace
    ) -> dict[str, Any]:
        """Return the fields of a resource; with --wait, those at the end."""
        if getattr(parsed_args, 'wait', False):
            started = self.wait(started, parsed_args)
        answer: dict[str, Any] = started.api_fields()
        return answer

    def wait(self, started: Any, parsed_args: argparse.Namespace) -> Any:
        """Wait for the operation of a resource; return the resource."""
        progress.wait_for_operation(self.client, started, parsed_args)
        return self.call('get', started.id)


class Show(ShowOne):
    """Show one resource by UUID or name."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the resource and the fields to show."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        parser.add_argument(
            '--fields',
            metavar='<field>[,<field>…]',
            help='Show these fields; separate them with commas.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Show the resource."""
        answer = self.fetch(parsed_args.resource).api_fields()
        if parsed_args.fields:
            fields = [name.strip() for name in parsed_args.fields.split(',')]
            for name in fields:
                if name not in answer:
                    raise exceptions.CommandError(
                        f'Unknown field {name}; the fields are: '
                        f'{", ".join(sorted(answer))}.'
                    )
            answer = {name: answer[name] for name in fields}
        return self.columns_and_values(answer, parsed_args)

    def fetch(self, resource: str) -> Any:
        """Return the resource to show."""
        return self.call('get', resource)


class Create(ShowOne):
    """Create a resource from the fields of the API.

    :cvar path: the path of the request, if it is not the collection.
    :cvar starts_operation: whether the request starts an operation.
    """

    verb = 'create'
    path = ''
    starts_operation = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add an option for every field."""
        parser = super().get_parser(prog_name)
        options.add(parser, self._body, positional='name')
        if self.starts_operation:
            progress.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Create the resource and show it."""
        started = self.call(self.verb, **self.fields(parsed_args))
        return self.columns_and_values(
            self.result(started, parsed_args), parsed_args
        )

    def fields(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """Return the request body."""
        return options.to_body(parsed_args, self._body, creating=True)

    @property
    def _body(self) -> schema.JSON:
        return schema.body('post', self.path or self.collection)


class Set(Command):
    """Change fields of resources."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the resources, and an option for every field that can change."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser, many=True)
        options.add(parser, self._body)
        options.add_unset(parser, self._body)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Change the resources; print nothing on success."""
        fields = options.to_body(parsed_args, self._body)
        if not fields:
            raise exceptions.CommandError('No change was given.')
        attempts = several.Attempts(parsed_args.resource)
        attempts.each(lambda name: self.call('update', name, **fields))
        attempts.finish()

    @property
    def _body(self) -> schema.JSON:
        return schema.body('patch', f'{self.collection}/{{id}}')


class Delete(Command):
    """Delete resources; an error on one does not prevent the others."""

    verb = 'delete'
    starts_operation = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the resources, and the query parameters of the request."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser, many=True)
        for name, parameter in self._params.items():
            parser.add_argument(
                options.option_name(name),
                action='store_true',
                help=parameter['description'].replace('%', '%%'),
            )
        if self.starts_operation:
            progress.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Delete the resources; with --wait, wait for their operations."""
        params = {
            name: 'true' for name in self._params if vars(parsed_args)[name]
        }
        attempts = several.Attempts(parsed_args.resource)
        gone = attempts.each(
            lambda name: self.call(
                self.verb, name, ignore_missing=False, **params
            )
        )
        if self.starts_operation and parsed_args.wait:
            started = {
                name: one
                for name, one in gone.items()
                if getattr(one, 'operation_uuid', None)
            }
            progress.wait_for_each(
                lambda one: progress.wait_for_operation(
                    self.client, one, parsed_args
                ),
                started,
                attempts,
            )
        attempts.finish()

    @property
    def _params(self) -> dict[str, schema.JSON]:
        return schema.parameters('delete', f'{self.collection}/{{id}}')
