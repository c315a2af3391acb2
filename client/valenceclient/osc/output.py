# SPDX-License-Identifier: Apache-2.0
"""How the commands print values and errors."""

from typing import Any

import yaml
from cliff import columns
from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions as sdk_exceptions


class Value(columns.FormattableColumn[Any]):
    """A value that tables show in readable form, and JSON as it is."""

    def human_readable(self) -> str:
        """Return an empty string for null, a list of names, or YAML."""
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
