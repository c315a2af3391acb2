# SPDX-License-Identifier: Apache-2.0
"""How the commands print values and errors."""

import argparse
import json
import re
from typing import Any

import yaml
from cliff import columns
from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions as sdk_exceptions

_CONTROL = re.compile(r'[\x00-\x08\x0b-\x1f\x7f-\x9f]')
_FORMULA = ('=', '+', '-', '@', '\t', '\r')


class Value(columns.FormattableColumn[Any]):
    """A value that tables show in readable form, and JSON as it is."""

    def human_readable(self) -> str:
        """Return an empty string for null, a list of names, or YAML."""
        value = self._value
        if value is None or value in ([], {}):
            return ''
        if not isinstance(value, list | dict):
            return printable(str(value))
        if isinstance(value, list) and all(
            isinstance(one, str) for one in value
        ):
            return printable(', '.join(value))
        text: str = yaml.safe_dump(
            value, sort_keys=False, allow_unicode=True, default_flow_style=None
        )
        return text.rstrip()


def printable(text: str) -> str:
    """Return a text without the characters that a terminal obeys.

    Names of hardware come from a pod manager.
    """
    return _CONTROL.sub('\N{REPLACEMENT CHARACTER}', text)


def cell(value: Any, parsed_args: argparse.Namespace) -> Any:
    """Return a value for the format that was requested.

    In CSV and single values, null is empty, what is nested is JSON, and no
    control characters appear. A spreadsheet would calculate CSV cells that
    begin like a formula; they get an apostrophe unless ``--no-quote`` is
    given.
    """
    if parsed_args.formatter not in ('csv', 'value'):
        return Value(value)
    if value is None:
        return ''
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    text = printable(value)
    quoted = parsed_args.formatter == 'csv' and not parsed_args.no_quote
    return f"'{text}" if quoted and text.startswith(_FORMULA) else text


def error_message(exc: Exception) -> str:
    """Return a one-line error message."""
    if isinstance(exc, sdk_exceptions.HttpException):
        if exc.message and exc.message != 'Error':
            return exc.message
        return f'The service returned {exc.status_code} ({exc.details}).'
    text = str(exc).strip().splitlines()[0] if str(exc).strip() else repr(exc)
    if isinstance(exc, ks_exceptions.ConnectFailure):
        # After the colon follows the error history of urllib3.
        return text.partition(': ')[0] + '.'
    if isinstance(exc, ks_exceptions.DiscoveryFailure):
        # After the comma follow options that Valence does not have.
        return f'Valence does not respond: {text.partition(", ")[0]}.'
    return text
