# SPDX-License-Identifier: Apache-2.0
"""Command options, generated from the JSON schema of a request body.

Every property of the schema becomes an option. The given options become the
body; others are omitted.
"""

import argparse
import getpass
import os
import sys
from typing import Any

from osc_lib import exceptions

from valenceclient.osc import values
from valenceclient.schema import JSON

# The openstack command uses --insecure itself, at any position.
RENAMED = {'insecure': 'tls-insecure'}
# Properties whose value is read from a file.
FILES = ('ca_cert',)
SECRET_ENVIRONMENT = 'VALENCE_PODM_'  # noqa: S105 - a prefix of names

# The kinds of requirements, and whether each can be repeated.
REQUIREMENTS = {
    'processor': False,
    'memory': False,
    'security': False,
    'firmware': False,
    'traits': False,
    'storage': True,
    'pci_devices': True,
    'network': True,
}
_EXAMPLES = {
    'processor': 'total_cores=16,model=Xeon Gold 62*|EPYC',
    'memory': 'capacity_mib=65536..131072,type=DDR5',
    'security': 'tpm=TPM2_0',
    'firmware': 'boot_mode=UEFI',
    'traits': 'required=HW_CPU_X86_AVX2,preferred=CUSTOM_A|CUSTOM_B',
    'storage': 'capacity_gib=500,type=SSD,count=2',
    'pci_devices': 'type=gpu,model=*A100|*H100,memory_mib=40960,count=1',
    'network': 'speed_mbps=25000',
}

_CHOICES_HELP = (
    ' "openstack valence flavor choices" lists the texts that hardware has.'
)


def option_name(name: str) -> str:
    """Return the option name of a property."""
    return '--' + RENAMED.get(name, name).replace('_', '-')


def requirement_option(name: str) -> str:
    """Return the option name of a group of requirements."""
    return option_name(name.removesuffix('s') if REQUIREMENTS[name] else name)


def add(
    parser: argparse.ArgumentParser, schema: JSON, positional: str = ''
) -> None:
    """Add an option for every property of a body.

    :param positional: the property that is a positional argument.
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
                option_name(name),
                dest=_dest(name),
                required=required,
                default=argparse.SUPPRESS,
                **_argparse_settings(name, field),
            )
            if {'boolean', 'object'} <= {*_types(field)}:
                _add_how(parser, name, field)


def add_unset(parser: argparse.ArgumentParser, schema: JSON) -> None:
    """Add the option that sets properties to null."""
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
            help=f'Set a field to null; repeat it for several fields: '
            f'{", ".join(names)}.',
        )


def to_body(
    parsed_args: argparse.Namespace, schema: JSON, creating: bool = False
) -> JSON:
    """Return the request body.

    :param creating: whether to read missing secrets from the environment; an
        update must not change a secret implicitly.
    """
    body: JSON = {}
    for name, field in schema['properties'].items():
        value: Any
        if name == 'properties':
            value = _requirements(parsed_args)
        elif field.get('writeOnly'):
            value = _secret(parsed_args, name, use_environment=creating)
        else:
            value = getattr(parsed_args, _dest(name), None)
        if value is not None:
            body[name] = value
    for name in getattr(parsed_args, 'unset', ()):
        body[name] = None
    return body


def _dest(name: str) -> str:
    # The prefix avoids conflicts with options of cliff, such as "columns".
    return f'field_{name}'


def _types(field: JSON) -> list[str]:
    kind = field.get('type', 'string')
    return kind if isinstance(kind, list) else [kind]


def _help(field: JSON, more: str = '') -> str:
    text = f'{field.get("description", "")}{more}'
    return text.strip().replace('%', '%%')


def _argparse_settings(name: str, field: JSON) -> dict[str, Any]:
    """Return the argparse settings of a property."""
    types = _types(field)
    metavar = f'<{name.replace("_", "-")}>'
    if 'boolean' in types:
        return {
            'action': argparse.BooleanOptionalAction,
            'help': _help(field),
        }
    if name in FILES:
        return {
            'type': values.read_file,
            'metavar': '<file>',
            'help': _help(field, ' Path of a file, or - for standard input.'),
        }
    if 'array' in types:
        return _list_settings(field, metavar)
    if 'object' in types:
        more = ' JSON, or @ and the path of a JSON file.'
        return {
            'type': values.parse_json,
            'metavar': '<json>',
            'help': _help(field, more),
        }
    known: dict[str, Any] = {'metavar': metavar, 'help': _help(field)}
    if field.get('format') == 'date-time':
        known |= {
            'type': values.parse_time,
            'help': _help(field, values.TIME_HELP),
        }
    if 'integer' in types:
        known['type'] = int
    if 'enum' in field:
        allowed = [value for value in field['enum'] if value is not None]
        known['choices'] = allowed
        known['help'] = _help(field, f' One of: {", ".join(allowed)}.')
    return known


def _list_settings(field: JSON, metavar: str) -> dict[str, Any]:
    """Return the argparse settings of a list: one option for each item."""
    if 'object' in _types(field['items']):
        more = ' JSON; repeat the option for several.'
        return {
            'action': 'append',
            'type': values.parse_json,
            'metavar': '<json>',
            'help': _help(field, more),
        }
    return {
        'action': 'append',
        'metavar': metavar,
        'help': _help(field, ' Repeat the option for several values.'),
    }


def _add_how(parser: argparse.ArgumentParser, name: str, field: JSON) -> None:
    """Add the other form of a property: not whether, but how."""
    known = ', '.join(field.get('properties', ()))
    parser.add_argument(
        f'{option_name(name)}-options',
        dest=_dest(name),
        type=values.parse_json,
        default=argparse.SUPPRESS,
        metavar='<json>',
        help=_help(
            field, f' JSON, or @ and the path of a JSON file, with: {known}.'
        ),
    )


def _add_secret(
    parser: argparse.ArgumentParser, name: str, field: JSON
) -> None:
    group = parser.add_mutually_exclusive_group()
    text = _help(field).rstrip('.')
    group.add_argument(
        f'{option_name(name)}-prompt',
        action='store_true',
        help=f'{text}: prompt for it.',
    )
    group.add_argument(
        f'{option_name(name)}-file',
        metavar='<file>',
        help=f'{text}: first line of a file, or of standard input for -.',
    )
    group.add_argument(
        f'{option_name(name)}-env',
        metavar='<variable>',
        help=f'{text}: value of an environment variable. Commands that create '
        f'use {SECRET_ENVIRONMENT}{name.upper()} by default.',
    )


def _secret(
    parsed_args: argparse.Namespace, name: str, use_environment: bool
) -> str | None:
    given = {
        source: getattr(parsed_args, f'{name}_{source}')
        for source in ('prompt', 'file', 'env')
    }
    if given['prompt']:
        return _prompt(name)
    if given['file']:
        try:
            found = (
                values.read_file(given['file']).partition('\n')[0].rstrip('\r')
            )
        except argparse.ArgumentTypeError as exc:
            raise exceptions.CommandError(str(exc)) from None
        if not found:
            raise exceptions.CommandError(
                f'The first line of {given["file"]} is empty.'
            )
        return found
    if given['env']:
        try:
            return os.environ[given['env']]
        except KeyError:
            raise exceptions.CommandError(
                f'The environment variable {given["env"]} is not set.'
            ) from None
    if use_environment:
        return os.environ.get(SECRET_ENVIRONMENT + name.upper())
    return None


def _prompt(name: str) -> str:
    option = option_name(name)
    if not sys.stdin.isatty():
        raise exceptions.CommandError(
            f'{option}-prompt needs a terminal; use {option}-file or '
            f'{option}-env.'
        )
    return getpass.getpass(f'{option[2:].capitalize()} of the pod manager: ')


def _add_requirements(parser: argparse.ArgumentParser, field: JSON) -> None:
    group = parser.add_argument_group(
        'requirements', _help(field, _CHOICES_HELP)
    )
    for name, many in REQUIREMENTS.items():
        more = ' Repeat the option for several values.' if many else ''
        group.add_argument(
            requirement_option(name),
            dest=_dest(name),
            type=values.parse_pairs,
            action='append' if many else 'store',
            metavar='<key=value,…>',
            help=f'For example {_EXAMPLES[name]}.{more}',
        )
    group.add_argument(
        '--properties',
        type=values.parse_json,
        default={},
        metavar='<json>',
        help='All requirements as JSON, or @ and the path of a JSON file; the '
        'other options override it.',
    )


def _requirements(parsed_args: argparse.Namespace) -> JSON | None:
    given = {
        name: getattr(parsed_args, _dest(name))
        for name in REQUIREMENTS
        if getattr(parsed_args, _dest(name)) is not None
    }
    if 'traits' in given:
        given['traits'] = {
            name: value if isinstance(value, list) else [value]
            for name, value in given['traits'].items()
        }
    properties: JSON = {**parsed_args.properties, **given}
    return properties or None
