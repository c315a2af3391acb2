# SPDX-License-Identifier: Apache-2.0
"""The options of lists that sort, and select a page."""

import argparse
import sys
from typing import Any

from valenceclient import schema
from valenceclient.osc import options


def add_options(
    parser: argparse.ArgumentParser, known: dict[str, schema.JSON]
) -> None:
    """Add the options for sorting and pages that a list has.

    :param known: the query parameters of the list, by name.
    """
    for name in ('limit', 'marker', 'sort_key', 'sort_dir'):
        if name in known:
            _add(parser, name, known[name])


def _add(
    parser: argparse.ArgumentParser, name: str, parameter: schema.JSON
) -> None:
    more: dict[str, Any] = {'metavar': f'<{name.replace("_", "-")}>'}
    text = parameter['description']
    if name == 'limit':
        more['type'] = _positive
    elif name == 'marker':
        text = 'UUID or name of the last resource of the previous page.'
    elif name == 'sort_dir':
        more['choices'] = ('asc', 'desc')
    parser.add_argument(
        options.option_name(name), help=text.replace('%', '%%'), **more
    )


def _positive(text: str) -> int:
    number = int(text)
    if not 0 < number < sys.maxsize:
        raise ValueError
    return number


_positive.__name__ = 'positive integer'
