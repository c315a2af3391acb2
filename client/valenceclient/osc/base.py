# SPDX-License-Identifier: Apache-2.0
"""The commands in general: a command of one resource is a few lines.

``collection`` is the path of the resource in the API and the proxy's method
that lists it; ``kind`` is its name in the proxy's other methods.
"""

import argparse
import uuid
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import yaml
from cliff import columns
from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions as sdk_exceptions
from osc_lib import exceptions
from osc_lib.command import command

from valenceclient import schema
from valenceclient.osc import options
from valenceclient.osc import progress


class Value(columns.FormattableColumn[Any]):
    """A value as a person wants to read it; to machines it is what it is."""

    def human_readable(self) -> str:
        """Nothing for null, names with commas, all else as YAML."""
        value = self._value
        if value is None or value in ([], {}):
            return ''
        if not isinstance(value, list | dict):
            return str(value)
        if isinstance(value, list) and all(
            isinstance(one, str) for one in value
        ):
            return ', '.join(value)
        text: str = yaml.safe_dump(
            value, sort_keys=False, allow_unicode=True, default_flow_style=None
        )
        return text.rstrip()


def sentence(exc: Exception) -> str:
    """What went wrong, in one sentence."""
    if isinstance(exc, sdk_exceptions.HttpException):
        if exc.message and exc.message != 'Error':
            return exc.message
        return f'The service answers {exc.status_code} ({exc.details}).'
    text = str(exc).strip().splitlines()[0] if str(exc).strip() else repr(exc)
    if isinstance(exc, ks_exceptions.ConnectFailure):
        # Behind the colon comes the history of it within urllib3.
        return text.partition(': ')[0] + '.'
    if isinstance(exc, ks_exceptions.DiscoveryFailure):
        # Behind the comma it tells of options that are not Valence's.
        return f'Valence does not answer: {text.partition(", ")[0]}.'
    return text


class Command(command.Command):
    """A command that speaks to Valence and fails with one sentence."""

    collection: str
    kind: str

    @property
    def client(self) -> Any:
        """The proxy; see ``valenceclient.v1.proxy``."""
        return self.app.client_manager.composable  # type: ignore[attr-defined]

    def call(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Call the method of the proxy that does this to the resource."""
        return getattr(self.client, f'{verb}_{self.kind}')(*args, **kwargs)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run, and turn what goes wrong into a sentence."""
        try:
            return super().run(parsed_args)
        except (
            sdk_exceptions.SDKException,
            ks_exceptions.ClientException,
        ) as exc:
            raise exceptions.CommandError(sentence(exc)) from exc

    def add_which(
        self, parser: argparse.ArgumentParser, many: bool = False
    ) -> None:
        """Add the argument that says which resource is meant."""
        name = self.kind.replace('_', '-')
        parser.add_argument(
            'which',
            metavar=f'<{name}>',
            nargs='+' if many else None,
            help=f'UUID or name of the {self.kind.replace("_", " ")}'
            + (' (several with spaces between them).' if many else '.'),
        )


class List(Command, command.Lister):
    """Lists a collection.

    :cvar columns: the fields that are shown unless others are asked for.
    :cvar more: those that ``--long`` adds.
    """

    columns: tuple[str, ...]
    more: tuple[str, ...] = ()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take filters, sorting and paging as the API offers them."""
        parser = super().get_parser(prog_name)
        known = schema.parameters('get', self.collection)
        if self.more:
            parser.add_argument(
                '--long', action='store_true', help='Show more fields.'
            )
        if 'fields' in known:
            parser.add_argument(
                '--fields',
                metavar='<field>[,<field>…]',
                help='Show these fields, with commas between their names.',
            )
        for name in ('limit', 'marker', 'sort_key', 'sort_dir'):
            if name in known:
                self._add_paging(parser, name, known[name])
        for name, parameter in schema.filters(self.collection).items():
            parser.add_argument(
                options.flag(name),
                dest=f'filter_{name}',
                action='append',
                metavar=f'<{name.replace("_", "-")}>',
                help=parameter['description'].replace('%', '%%'),
            )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """List."""
        names = self._names(parsed_args)
        rows = self.rows(parsed_args, self._query(parsed_args))
        return names, (
            tuple(Value(row.get(name)) for name in names)
            for row in (resource.answer() for resource in rows)
        )

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """The resources that are listed."""
        found: Iterable[Any] = getattr(self.client, self.collection)(**query)
        return found

    def _names(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        wanted = getattr(parsed_args, 'fields', None)
        if wanted:
            return tuple(name.strip() for name in wanted.split(','))
        if getattr(parsed_args, 'long', False):
            return (*self.columns, *self.more)
        return self.columns

    def _query(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        # Of the columns that nobody asked for, some may be hidden from who
        # asks: only those that are wanted by name are asked for by name.
        query = {
            name: getattr(parsed_args, name, None)
            for name in ('sort_key', 'sort_dir', 'fields')
        }
        if getattr(parsed_args, 'limit', None) is not None:
            query['max_items'] = query['limit'] = parsed_args.limit
        if getattr(parsed_args, 'marker', None):
            query['marker'] = self._marker(parsed_args.marker)
        for name in schema.filters(self.collection):
            query[name] = getattr(parsed_args, f'filter_{name}')
        return {name: one for name, one in query.items() if one is not None}

    def _marker(self, marker: str) -> str:
        try:
            return str(uuid.UUID(marker))
        except ValueError:
            return str(self.call('get', marker).id)

    @staticmethod
    def _add_paging(
        parser: argparse.ArgumentParser, name: str, parameter: schema.JSON
    ) -> None:
        more: dict[str, Any] = {'metavar': f'<{name.replace("_", "-")}>'}
        text = parameter['description']
        if name == 'limit':
            more['type'] = _positive
        elif name == 'marker':
            text = 'UUID or name of the last one that is not to be shown.'
        elif name == 'sort_dir':
            more['choices'] = ('asc', 'desc')
        parser.add_argument(
            options.flag(name), help=text.replace('%', '%%'), **more
        )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


_positive.__name__ = 'number above 0'


class One(Command, command.ShowOne):
    """Shows one resource, as it is or as it has become."""

    def shown(
        self, answer: dict[str, Any]
    ) -> tuple[tuple[str, ...], tuple[Value, ...]]:
        """All that was answered, in its order."""
        return tuple(answer), tuple(Value(one) for one in answer.values())

    def settled(
        self, started: Any, parsed_args: argparse.Namespace
    ) -> dict[str, Any]:
        """What a request has led to: at its end, if that is waited for."""
        if getattr(parsed_args, 'wait', False):
            progress.follow(self.client, started, parsed_args)
            started = self.call('get', started.id)
        answer: dict[str, Any] = started.answer()
        return answer


class Show(One):
    """Shows one resource by UUID or name."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the resource, and the fields to show."""
        parser = super().get_parser(prog_name)
        self.add_which(parser)
        parser.add_argument(
            '--fields',
            metavar='<field>[,<field>…]',
            help='Show these fields, with commas between their names.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Show."""
        answer = self.found(parsed_args.which).answer()
        if parsed_args.fields:
            wanted = [name.strip() for name in parsed_args.fields.split(',')]
            for name in wanted:
                if name not in answer:
                    raise exceptions.CommandError(
                        f'There is no field {name}; there are: '
                        f'{", ".join(sorted(answer))}.'
                    )
            answer = {name: answer[name] for name in wanted}
        return self.shown(answer)

    def found(self, which: str) -> Any:
        """What is to be shown."""
        return self.call('get', which)


class Create(One):
    """Creates a resource of the fields that the API takes.

    :cvar path: where that is asked for, if not at the collection.
    :cvar waits: whether an operation does it.
    """

    verb = 'create'
    path = ''
    waits = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take what the API takes."""
        parser = super().get_parser(prog_name)
        options.add(parser, self._body, positional='name')
        if self.waits:
            progress.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Create, and show what came of it."""
        started = self.call(self.verb, **self.fields(parsed_args))
        return self.shown(self.settled(started, parsed_args))

    def fields(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """What is sent."""
        return options.collect(parsed_args, self._body, creating=True)

    @property
    def _body(self) -> schema.JSON:
        return schema.body('post', self.path or self.collection)


class Set(Command):
    """Changes fields of a resource."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the resource, and what the API lets one change."""
        parser = super().get_parser(prog_name)
        self.add_which(parser)
        options.add(parser, self._body)
        options.add_unset(parser, self._body)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Change it; nothing is said when that went well."""
        fields = options.collect(parsed_args, self._body)
        if not fields:
            raise exceptions.CommandError('Nothing was given to change.')
        self.call('update', parsed_args.which, **fields)

    @property
    def _body(self) -> schema.JSON:
        return schema.body('patch', f'{self.collection}/{{id}}')


class Delete(Command):
    """Deletes resources; one that cannot be does not keep the others."""

    verb = 'delete'
    waits = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the resources, and what the API wants to know besides."""
        parser = super().get_parser(prog_name)
        self.add_which(parser, many=True)
        for name, parameter in self._params.items():
            parser.add_argument(
                options.flag(name),
                action='store_true',
                help=parameter['description'].replace('%', '%%'),
            )
        if self.waits:
            progress.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Delete them all; wait for those that take an operation."""
        params = {
            name: 'true' for name in self._params if vars(parsed_args)[name]
        }
        failures = []
        started = []
        for which in parsed_args.which:
            try:
                gone = self.call(
                    self.verb, which, ignore_missing=False, **params
                )
            except sdk_exceptions.SDKException as exc:
                failures.append(sentence(exc))
                continue
            if self.waits and parsed_args.wait:
                started.append(gone)
        failures += self._wait(started, parsed_args)
        if failures:
            raise exceptions.CommandError(' '.join(failures))

    @property
    def _params(self) -> dict[str, schema.JSON]:
        return schema.parameters('delete', f'{self.collection}/{{id}}')

    def _wait(
        self, started: list[Any], parsed_args: argparse.Namespace
    ) -> list[str]:
        failures = []
        for gone in started:
            if not hasattr(gone, 'operation_uuid'):
                continue
            try:
                progress.follow(self.client, gone, parsed_args)
            except sdk_exceptions.SDKException as exc:
                failures.append(sentence(exc))
        return failures


class Act(One):
    """Has something done to a resource by an operation."""

    method: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the resource and whether to wait."""
        parser = super().get_parser(prog_name)
        self.add_which(parser)
        progress.add_options(parser)
        return parser

    def arguments(self, parsed_args: argparse.Namespace) -> tuple[Any, ...]:
        """What the method needs to know besides the resource."""
        return ()

    def options(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """What the method may be told besides, by name."""
        return {}

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Ask for it, and show the resource as it is then."""
        act = getattr(self.client, self.method)
        started = act(
            parsed_args.which,
            *self.arguments(parsed_args),
            **self.options(parsed_args),
        )
        return self.shown(self.settled(started, parsed_args))
