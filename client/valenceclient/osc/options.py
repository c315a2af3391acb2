# SPDX-License-Identifier: Apache-2.0
"""Options of commands, made from the JSON schema of a request's body.

Every property becomes an option of its name; what was given becomes the body
again. An option that was not given leaves no trace.
"""

import argparse
import getpass
import json
import os
import pathlib
import sys
from typing import Any

from osc_lib import exceptions

from valenceclient.schema import JSON

# The openstack command itself takes --insecure, wherever it stands.
RENAMED = {'insecure': 'tls-insecure'}
# Texts that nobody types.
FILES = ('ca_cert',)
SECRET_ENVIRONMENT = 'VALENCE_PODM_'  # noqa: S105 - a prefix of names

# What can be asked of hardware: whether several may be asked for.
REQUIREMENTS = {
    'processor': False,
    'memory': False,
    'storage': True,
    'pci_devices': True,
    'network': True,
}
_EXAMPLES = {
    'processor': 'total_cores=16,architecture=x86-64',
    'memory': 'capacity_mib=65536',
    'storage': 'capacity_gib=500,type=SSD,count=2',
    'pci_devices': 'type=gpu,count=1',
    'network': 'speed_mbps=25000',
}


def flag(name: str) -> str:
    """The option of a property."""
    return '--' + RENAMED.get(name, name).replace('_', '-')


def add(
    parser: argparse.ArgumentParser, schema: JSON, positional: str = ''
) -> None:
    """Add an option for every property of a body.

    :param positional: the property that needs no option's name.
    """
    for name, field in schema['properties'].items():
        if field.get('writeOnly'):
            _add_secret(parser, name, field)
        elif name == 'properties':
            _add_requirements(parser, field)
        elif name == positional:
            parser.add_argument(
                _dest(name), metavar=f'<{name}>', help=_help(field)
            )
        else:
            required = name in schema.get('required', ())
            parser.add_argument(
                flag(name),
                dest=_dest(name),
                required=required,
                default=argparse.SUPPRESS,
                **_kind(name, field),
            )


def add_unset(parser: argparse.ArgumentParser, schema: JSON) -> None:
    """Add the option that makes values null."""
    names = [
        name
        for name, field in schema['properties'].items()
        if 'null' in _types(field)
    ]
    if names:
        parser.add_argument(
            '--unset',
            metavar='<field>',
            choices=names,
            action='append',
            default=[],
            help=f'Leave a field without a value (repeat it for several): '
            f'{", ".join(names)}.',
        )


def collect(
    parsed_args: argparse.Namespace, schema: JSON, creating: bool = False
) -> JSON:
    """The body that the options ask for.

    :param creating: whether secrets that were not given may come from the
        environment: nobody changes one unasked.
    """
    body: JSON = {}
    for name, field in schema['properties'].items():
        value: Any
        if name == 'properties':
            value = _requirements(parsed_args)
        elif field.get('writeOnly'):
            value = _secret(parsed_args, name, fall_back=creating)
        else:
            value = getattr(parsed_args, _dest(name), None)
        if value is not None:
            body[name] = value
    for name in getattr(parsed_args, 'unset', ()):
        body[name] = None
    return body


def pairs(text: str) -> dict[str, int | str]:
    """Read ``key=value,key=value``; digits are numbers."""
    found: dict[str, int | str] = {}
    for part in text.split(','):
        key, equals, value = part.partition('=')
        if not (key.strip() and equals):
            raise argparse.ArgumentTypeError(
                f'"{part}" is not of the form key=value'
            )
        number = value.isascii() and value.isdecimal()
        found[key.strip()] = int(value) if number else value.strip()
    return found


def document(text: str) -> Any:
    """Read JSON, or with ``@file`` the JSON in a file."""
    if text.startswith('@'):
        text = content(text[1:])
    try:
        return json.loads(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f'it is not JSON: {exc}') from None


def content(path: str) -> str:
    """Read a file, or with ``-`` what comes in."""
    try:
        if path == '-':
            return sys.stdin.read()
        return pathlib.Path(path).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as exc:
        raise argparse.ArgumentTypeError(
            f'{path} cannot be read: {exc}'
        ) from None


def _dest(name: str) -> str:
    # The commands have attributes of their own, such as "columns".
    return f'field_{name}'


def _types(field: JSON) -> list[str]:
    kind = field.get('type', 'string')
    return kind if isinstance(kind, list) else [kind]


def _help(field: JSON, more: str = '') -> str:
    return (field.get('description', '') + more).strip().replace('%', '%%')


def _kind(name: str, field: JSON) -> dict[str, Any]:
    """How argparse is to read a property."""
    types = _types(field)
    metavar = f'<{name.replace("_", "-")}>'
    if 'boolean' in types:
        return {
            'action': argparse.BooleanOptionalAction,
            'help': _help(field),
        }
    if name in FILES:
        return {
            'type': content,
            'metavar': '<file>',
            'help': _help(field, ' A file, or - for what comes in.'),
        }
    if 'array' in types:
        return {
            'action': 'append',
            'metavar': metavar,
            'help': _help(field, ' Repeat it for several.'),
        }
    if 'object' in types:
        more = ' JSON, or @ and the name of a file with it.'
        return {
            'type': document,
            'metavar': '<json>',
            'help': _help(field, more),
        }
    known: dict[str, Any] = {'metavar': metavar, 'help': _help(field)}
    if 'integer' in types:
        known['type'] = int
    if 'enum' in field:
        values = [value for value in field['enum'] if value is not None]
        known['choices'] = values
        known['help'] = _help(field, f' One of: {", ".join(values)}.')
    return known


def _add_secret(
    parser: argparse.ArgumentParser, name: str, field: JSON
) -> None:
    group = parser.add_mutually_exclusive_group()
    text = _help(field).rstrip('.')
    group.add_argument(
        f'{flag(name)}-prompt',
        action='store_true',
        help=f'{text}: ask for it.',
    )
    group.add_argument(
        f'{flag(name)}-file',
        metavar='<file>',
        help=f'{text}: the first line of a file, or of what comes in for -.',
    )
    group.add_argument(
        f'{flag(name)}-env',
        metavar='<variable>',
        help=f'{text}: the value of an environment variable. A command that '
        f'creates takes {SECRET_ENVIRONMENT}{name.upper()} unless told '
        f'otherwise.',
    )


def _secret(
    parsed_args: argparse.Namespace, name: str, fall_back: bool
) -> str | None:
    given = {
        how: getattr(parsed_args, f'{name}_{how}')
        for how in ('prompt', 'file', 'env')
    }
    if given['prompt']:
        return getpass.getpass(
            f'{flag(name)[2:].capitalize()} of the pod manager: '
        )
    if given['file']:
        try:
            return content(given['file']).partition('\n')[0].rstrip('\r')
        except argparse.ArgumentTypeError as exc:
            raise exceptions.CommandError(str(exc)) from None
    if given['env']:
        try:
            return os.environ[given['env']]
        except KeyError:
            raise exceptions.CommandError(
                f'The environment variable {given["env"]} is not set.'
            ) from None
    if fall_back:
        return os.environ.get(SECRET_ENVIRONMENT + name.upper())
    return None


def _add_requirements(parser: argparse.ArgumentParser, field: JSON) -> None:
    group = parser.add_argument_group('requirements', _help(field))
    for name, many in REQUIREMENTS.items():
        more = ' Repeat it for several.' if many else ''
        group.add_argument(
            flag(name.removesuffix('s') if many else name),
            dest=_dest(name),
            type=pairs,
            action='append' if many else 'store',
            metavar='<key=value,…>',
            help=f'Such as {_EXAMPLES[name]}.{more}',
        )
    group.add_argument(
        '--properties',
        type=document,
        default={},
        metavar='<json>',
        help='All requirements as JSON, or @ and the name of a file with it; '
        'the other options go before it.',
    )


def _requirements(parsed_args: argparse.Namespace) -> JSON | None:
    given = {
        name: getattr(parsed_args, _dest(name))
        for name in REQUIREMENTS
        if getattr(parsed_args, _dest(name)) is not None
    }
    properties: JSON = {**parsed_args.properties, **given}
    return properties or None
