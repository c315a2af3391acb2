# SPDX-License-Identifier: Apache-2.0
"""How an option is declared."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple


class Option(NamedTuple):
    """An option of the command line."""

    flag: str
    #: The keywords of :meth:`argparse.ArgumentParser.add_argument`.
    settings: Mapping[str, Any]

    def add_to(self, group: argparse._ActionsContainer) -> None:
        """Add the option to a group of a parser, or to the parser."""
        group.add_argument(self.flag, **self.settings)


def option(flag: str, **settings: Any) -> Option:
    """Return an option; the keywords are those of argparse."""
    return Option(flag, settings)


def off(flag: str, help: str, **settings: Any) -> Option:
    """Return an option that switches off what is on by default.

    The name of the setting is that of the flag without ``--no-``.
    """
    settings.setdefault('dest', flag.removeprefix('--no-').replace('-', '_'))
    return Option(flag, {'action': 'store_false', 'help': help, **settings})


def seconds(flag: str, help: str) -> Option:
    """Return an option for a duration, which is 0 by default."""
    return Option(flag, {'type': float, 'default': 0, 'help': help})
