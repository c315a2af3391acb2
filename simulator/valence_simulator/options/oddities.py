# SPDX-License-Identifier: Apache-2.0
"""What services do that their specification does not lead one to expect."""

from __future__ import annotations

#: How one URI can be written.
SPELLINGS = ('plain', 'slash', 'absolute', 'prefix', 'encoded')
#: How ids are given out.
IDS = ('new', 'restart', 'reuse')
#: Where the targets of actions lie.
TARGETS = ('own', 'foreign', 'outside', 'misspelt', 'absolute')


def add_identity(group) -> None:
    """What makes one thing look like another, or like two."""
    add = group.add_argument
    add(
        '--ids',
        choices=IDS,
        default='new',
        help='ids of what is composed: never given twice; from 1 after a '
        'restart; used again as soon as they are free',
    )
    add(
        '--location',
        choices=SPELLINGS,
        default='plain',
        help='how Location is spelt: as in the collection; with a slash at '
        'its end; as a URL; with a prefix; percent-encoded',
    )
    add(
        '--member-links',
        choices=SPELLINGS,
        default='plain',
        help='how the links of collections are spelt; other links are plain',
    )
    add(
        '--prefix',
        default='',
        help='path that the service lies below, as behind a proxy; links do '
        'not have it',
    )
    add(
        '--targets',
        choices=TARGETS,
        default='own',
        help='where the targets of actions lie: below their resource; below '
        'another one of the collection; outside of it; at a misspelt path '
        'of the service; as a URL',
    )
    add(
        '--no-echo',
        dest='echo',
        action='store_false',
        help='give names, descriptions and asset tags of clients not back',
    )
    add(
        '--echo-limit',
        type=int,
        default=0,
        help='how many characters of them are kept; 0: all',
    )
