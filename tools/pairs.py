#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write which filters and sort keys of collections go together, as a page.

usage: pairs.py FILE
"""

import pathlib
import sys

import valence.cmd  # noqa: F401 - chooses the backend of oslo.service
from valence.api import query
from valence.api import routes
from valence.objects import base

_HEAD = """\
.. Written by tools/pairs.py.

=================
Filters and order
=================

What a collection may be sorted by, and which filters may be given meanwhile.
For each of these pairs there is an index: a page costs the same however large
the collection is, and however few of it the filter lets through.

Without ``sort_key`` the order is the first key of the table, or whatever suits
the filters. A pair that is not listed is answered with 400. Several filters
may be given where each is paired with the key; the index then serves one of
them.

A filter is a value, several of them (``in:a,b``), or any other than one
(``ne:a``). Numbers and times can also be compared (``gt:``, ``gte:``, ``lt:``,
``lte:``), and are then sorted by: ``memory_mib=gte:65536`` goes with
``sort_key=memory_mib`` only. So do ``ne:`` of what has more than a few values.

The same filter is known by the name of what it refers to where there is one:
``pod_manager=east`` for ``podm_uuid``, ``rack=r1`` for ``rack_uuid``.
"""


def _names(names: list[str]) -> str:
    return ', '.join(f'``{name}``' for name in names) or '-'


def section(cls: type[base.ValenceObject]) -> str:
    """The table of one collection."""
    keys = query.sortable(cls)
    keys.sort(key=lambda key: key != cls.ORDER)
    lines = [
        cls.RESOURCE,
        '-' * len(cls.RESOURCE),
        '',
        '.. list-table::',
        '   :header-rows: 1',
        '   :widths: 20 80',
        '',
        '   * - Sort key',
        '     - Filters',
    ]
    for key in keys:
        paired = [name for name, other in cls.pairs() if other == key and name]
        itself = [key] if cls.fields[key].filter else []
        lines += [f'   * - ``{key}``', f'     - {_names([*itself, *paired])}']
    alone = [name for name, key in cls.pairs() if name == key]
    if alone:
        lines += ['   * - none', f'     - {_names(alone)}']
    return '\n'.join([*lines, ''])


def main() -> int:
    """Write the page; the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    listed = {
        controller.object.RESOURCE: controller.object
        for _, _, controller, methods in routes.ROUTES
        if methods.get('GET') == 'list' and controller.object
    }
    text = '\n'.join([_HEAD, *map(section, listed.values())])
    pathlib.Path(sys.argv[1]).write_text(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
