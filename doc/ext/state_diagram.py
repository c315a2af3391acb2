# SPDX-License-Identifier: Apache-2.0
"""Draws the state diagram of a table of transitions.

``.. state-diagram:: valence.conductor.states:NODE`` draws a vertical line for
every state, and an arrow for every transition. It needs nothing but Sphinx.
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


def states(transitions: Any) -> list[str]:
    """Return the states in the order of the table."""
    found: dict[str, None] = {}
    for transition in transitions:
        found.setdefault(transition.source)
        found.setdefault(transition.target)
    return list(found)


def text(x: float, y: float, content: str, fill: str = INK) -> str:
    """Return text that is centered at a point."""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{fill}" text-anchor="middle">'
        f'{html.escape(content)}</text>'
    )


def line(x: float, y: float, to_x: float, to_y: float, color: str) -> str:
    """Return a straight line."""
    return (
        f'<line x1="{x:g}" y1="{y:g}" x2="{to_x:g}" y2="{to_y:g}" '
        f'stroke="{color}" stroke-width="1.5"/>'
    )


def head(x: float, y: float, direction: int) -> str:
    """Return an arrow head that points right (1) or left (-1)."""
    back = x - 8 * direction
    points = f'{x:g},{y:g} {back:g},{y - 4:g} {back:g},{y + 4:g}'
    return f'<polygon points="{points}" fill="{ARROW}"/>'


def draw(transitions: Any) -> str:
    """Return the diagram as SVG."""
    names = states(transitions)
    place = {name: MARGIN + COLUMN * n for n, name in enumerate(names)}
    bottom = HEAD + ROW * len(transitions) + 14
    width = 2 * MARGIN + COLUMN * (len(names) - 1)
    parts = []
    for name, x in place.items():
        parts += [
            line(x, 16, x, bottom, LINE),
            f'<rect x="{x - BOX / 2:g}" y="2" width="{BOX}" rx="5" '
            f'height="{BOX_HEIGHT}" fill="{INK}"/>',
            text(x, 19, name, 'white'),
        ]
    for n, transition in enumerate(transitions):
        x, to_x = place[transition.source], place[transition.target]
        y = HEAD + ROW * n + 24
        direction = 1 if to_x > x else -1
        # A white background hides the lines behind the text.
        text_width = len(transition.when) * 6.2
        middle = (x + to_x) / 2
        parts += [
            f'<rect x="{middle - text_width / 2:g}" y="{y - 17:g}" '
            f'width="{text_width:g}" height="14" fill="white"/>',
            text(middle, y - 6, transition.when),
            line(x, y, to_x - 6 * direction, y, ARROW),
            f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{ARROW}"/>',
            head(to_x, y, direction),
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {width} {bottom}" width="{width}" '
        f'style="max-width:100%;height:auto;{STYLE}">{"".join(parts)}</svg>'
    )


class StateDiagram(SphinxDirective):
    """The diagram of a table; for formats other than HTML, a list."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].partition(':')
        transitions = getattr(importutils.import_module(module), name)
        self.env.note_dependency(importutils.import_module(module).__file__)
        if self.env.app.builder.format == 'html':
            return [nodes.raw('', draw(transitions), format='html')]
        items = [
            nodes.list_item(
                '',
                nodes.paragraph(
                    text=f'{transition.source} to {transition.target}: '
                    f'{transition.when}'
                ),
            )
            for transition in transitions
        ]
        return [nodes.bullet_list('', *items)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive('state-diagram', StateDiagram)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
