# SPDX-License-Identifier: Apache-2.0
"""Examples at the end of the help of a command."""

from cliff import _argparse

_HEADING = 'Examples::'


def of(examples: tuple[str, ...]) -> str:
    """Return the end of the help, as a literal block for the documentation.

    :param examples: commands, without ``openstack valence``.
    """
    if not examples:
        return ''
    lines = '\n'.join(f'    openstack valence {one}' for one in examples)
    return f'{_HEADING}\n\n{lines}'


class Formatter(_argparse.SmartHelpFormatter):
    """Shows examples as they are, and fills all other text."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if not text.startswith(_HEADING):
            return super()._fill_text(text, width, indent)
        return text.replace(_HEADING, _HEADING[:-1], 1)
