# SPDX-License-Identifier: Apache-2.0
"""Texts of others, made harmless where they are shown."""

# What text may contain besides printable characters: spaces, and the joiners,
# which some scripts need.
_SPACES = '\n\t\u00a0\u202f\u3000'
_JOINERS = '\u200c\u200d'
_FORMULA = ('=', '+', '-', '@')


def is_shown(character: str) -> bool:
    """Return whether terminals show a character, and do not obey it."""
    return character.isprintable() or character in _SPACES + _JOINERS


def printable(text: str) -> str:
    """Return a text without characters that terminals obey or do not show.

    Names of hardware come from a pod manager, and descriptions from other
    users.
    """
    if text.isprintable():
        return text
    return ''.join(
        one if is_shown(one) else '\N{REPLACEMENT CHARACTER}' for one in text
    )


def spreadsheet_cell(text: str) -> str:
    """Return a text that a spreadsheet does not calculate.

    If it begins like a formula it gets an apostrophe.
    """
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
