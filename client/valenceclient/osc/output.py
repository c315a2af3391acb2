# SPDX-License-Identifier: Apache-2.0
"""How the commands print values and errors."""

import argparse
import json
from typing import Any

import yaml
from cliff import columns
from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions as sdk_exceptions

from valenceclient import texts
from valenceclient.texts import printable as printable
from valenceclient.v1 import errors

# What a request raises: errors of the service, and of the login.
REQUEST_ERRORS = (sdk_exceptions.SDKException, ks_exceptions.ClientException)
# What a shell interprets within double quotes, which cliff adds. It escapes
# double quotes itself.
_SHELL = str.maketrans({one: f'\\{one}' for one in '\\$`'})


class Value(columns.FormattableColumn[Any]):
    """A value that tables show in readable form, and JSON as it is."""

    def human_readable(self) -> str:
        """Return an empty string for null, a list of names, or YAML."""
        value = self._value
        if value is None or value in ([], {}):
            return ''
        if not isinstance(value, list | dict):
            text = str(value)
        elif isinstance(value, list) and all(
            isinstance(one, str) for one in value
        ):
            text = ', '.join(value)
        else:
            text = yaml.safe_dump(
                value,
                sort_keys=False,
                allow_unicode=True,
                default_flow_style=None,
            ).rstrip()
        return printable(text).replace('\t', ' ')


def one_line(text: str) -> str:
    """Return a printable text in one line."""
    return printable(' '.join(text.splitlines()))


def cell(
    value: Any, parsed_args: argparse.Namespace, in_row: bool = False
) -> Any:
    """Return a value for the format that was requested.

    In CSV, single values and shell variables, null is empty, what is nested is
    JSON, and no control characters appear. A spreadsheet would calculate CSV
    cells that begin like a formula; they get an apostrophe unless
    ``--no-quote`` is given. A shell does not interpret what is in variables.

    :param in_row: whether other values of a list share its line.
    """
    formatter = parsed_args.formatter
    if formatter not in ('csv', 'value', 'shell'):
        return Value(value)
    if value is None:
        return ''
    if isinstance(value, list | dict):
        text = _to_json(value)
    elif isinstance(value, str):
        text = printable(value)
    else:
        return value
    if formatter == 'shell':
        return text.translate(_SHELL)
    if formatter == 'value':
        return one_line(text) if in_row else text
    return text if parsed_args.no_quote else texts.spreadsheet_cell(text)


def row(
    fields: dict[str, Any],
    names: tuple[str, ...],
    parsed_args: argparse.Namespace,
) -> tuple[Any, ...]:
    """Return the cells of a row.

    :param names: the columns; a missing field is null.
    """
    return tuple(
        cell(fields.get(name), parsed_args, in_row=True) for name in names
    )


def _to_json(value: Any) -> str:
    """Return JSON; what is not printable is escaped."""
    return ''.join(
        one if texts.is_shown(one) else json.dumps(one)[1:-1]
        for one in json.dumps(value, ensure_ascii=False)
    )


def error_message(exc: Exception) -> str:
    """Return a one-line error message with the ID of the request, if any.

    It may contain text of a pod manager.
    """
    request_id = getattr(exc, 'request_id', None)
    return one_line(errors.with_request_id(_message(exc), request_id))


def _message(exc: Exception) -> str:
    if isinstance(exc, sdk_exceptions.HttpException):
        return exc.message
    text = str(exc).strip().splitlines()[0] if str(exc).strip() else repr(exc)
    if isinstance(exc, ks_exceptions.ConnectFailure):
        # After the colon follows the error history of urllib3.
        return text.partition(': ')[0] + '.'
    if isinstance(exc, ks_exceptions.DiscoveryFailure):
        # After the comma follow options that Valence does not have.
        return f'Valence does not respond: {text.partition(", ")[0]}.'
    return text
