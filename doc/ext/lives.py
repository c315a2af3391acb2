# SPDX-License-Identifier: Apache-2.0
"""Draws the life of something from its table of moves.

``.. life:: valence.conductor.states:NODE`` becomes a picture: every state has
a line that runs down, every move is an arrow from line to line. It is drawn
here, so that nothing but Sphinx is needed.
"""

import html
from typing import Any

from docutils import nodes
from oslo_utils import importutils
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

COLUMN = 156  # pixels from line to line
ROW = 34
HEAD = 44
BOX = 104
BOX_HEIGHT = 26
MARGIN = 70
STYLE = 'font-family:sans-serif;font-size:12px'
LINE, ARROW, INK = '#b8c4cc', '#da1a32', '#2a4e68'


def states(moves: Any) -> list[str]:
    """The states in the order in which the table names them."""
    found: dict[str, None] = {}
    for move in moves:
        found.setdefault(move.source)
        found.setdefault(move.target)
    return list(found)


def text(x: float, y: float, words: str, fill: str = INK) -> str:
    """Words around a point."""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{fill}" text-anchor="middle">'
        f'{html.escape(words)}</text>'
    )


def line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    """A straight line."""
    return (
        f'<line x1="{x:g}" y1="{y:g}" x2="{to_x:g}" y2="{to_y:g}" '
        f'stroke="{colour}" stroke-width="1.5"/>'
    )


def head(x: float, y: float, direction: int) -> str:
    """The head of an arrow that comes from the left (1) or the right (-1)."""
    back = x - 8 * direction
    points = f'{x:g},{y:g} {back:g},{y - 4:g} {back:g},{y + 4:g}'
    return f'<polygon points="{points}" fill="{ARROW}"/>'


def draw(moves: Any) -> str:
    """The picture as SVG."""
    names = states(moves)
    place = {name: MARGIN + COLUMN * n for n, name in enumerate(names)}
    bottom = HEAD + ROW * len(moves) + 14
    width = 2 * MARGIN + COLUMN * (len(names) - 1)
    parts = []
    for name, x in place.items():
        parts += [
            line(x, 16, x, bottom, LINE),
            f'<rect x="{x - BOX / 2:g}" y="2" width="{BOX}" rx="5" '
            f'height="{BOX_HEIGHT}" fill="{INK}"/>',
            text(x, 19, name, 'white'),
        ]
    for n, move in enumerate(moves):
        x, to_x = place[move.source], place[move.target]
        y = HEAD + ROW * n + 24
        direction = 1 if to_x > x else -1
        # White below the words hides the lines that they cross.
        words = len(move.when) * 6.2
        middle = (x + to_x) / 2
        parts += [
            f'<rect x="{middle - words / 2:g}" y="{y - 17:g}" '
            f'width="{words:g}" height="14" fill="white"/>',
            text(middle, y - 6, move.when),
            line(x, y, to_x - 6 * direction, y, ARROW),
            f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{ARROW}"/>',
            head(to_x, y, direction),
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {width} {bottom}" width="{width}" '
        f'style="max-width:100%;height:auto;{STYLE}">{"".join(parts)}</svg>'
    )


class Life(SphinxDirective):
    """The picture of a table; its moves as a list where there is no HTML."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].partition(':')
        moves = getattr(importutils.import_module(module), name)
        self.env.note_dependency(importutils.import_module(module).__file__)
        if self.env.app.builder.format == 'html':
            return [nodes.raw('', draw(moves), format='html')]
        items = [
            nodes.list_item(
                '',
                nodes.paragraph(
                    text=f'{move.source} to {move.target}: {move.when}'
                ),
            )
            for move in moves
        ]
        return [nodes.bullet_list('', *items)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive('life', Life)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
