# SPDX-License-Identifier: Apache-2.0
"""Options for behavior that the specification does not suggest."""

from __future__ import annotations

#: Notations of a URI.
SPELLINGS = ('plain', 'slash', 'absolute', 'prefix', 'encoded')
#: How IDs are assigned.
IDS = ('new', 'restart', 'reuse')
#: Locations of action targets.
TARGETS = ('own', 'foreign', 'outside', 'misspelt', 'absolute')
#: The kinds of work that can be tasks.
TASKS = ('compose', 'release', 'change', 'erase', 'reset', 'patch')
#: How a 202 response identifies the task.
TASK_LOCATIONS = ('monitor', 'task', 'body', 'bare')
#: How blocks are distributed over zones.
ZONES = ('racks', 'pairs', 'gaps', 'none')
#: The types of blocks that can be shared.
SHARED = ('Network', 'Storage', 'Processor')
#: How blocks are added to an existing system.
BLOCKS_BY = ('actions', 'places', 'list')


def add_identity(group) -> None:
    """Add options that make a resource look like another, or like two."""
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


def add_outcomes(group) -> None:
    """Add options for responses that do not match what was done."""
    add = group.add_argument
    for name, what in (
        ('unreadable', 'what was composed is listed and answers 404'),
        ('unlisted', 'what was composed can be read and is not listed'),
        (
            'lingering',
            'what was released answers 404, is listed, and has its parts',
        ),
        ('power', 'a system is PoweringOn or PoweringOff after a reset'),
    ):
        add(
            f'--{name}-seconds',
            type=float,
            default=0,
            help=f'how long {what}',
        )
    add(
        '--task-on',
        nargs='*',
        choices=TASKS,
        help='the work that is a task: to compose, release, change parts, '
        'erase, reset, PATCH (default: redfish: the first four; rsd: none)',
    )
    add(
        '--task-seconds',
        type=float,
        default=0.2,
        help='how long a task lasts that is neither to compose nor to '
        'release (default: %(default)s)',
    )
    add(
        '--task-location',
        choices=TASK_LOCATIONS,
        default='monitor',
        help='Location of a 202 is the task monitor; the task, which has no '
        'monitor; missing, and the body is the task; the task monitor, '
        'without a body',
    )
    add(
        '--task-lifetime',
        type=float,
        help='seconds after which a task that has ended answers 404',
    )
    add(
        '--no-task-cancel',
        dest='task_cancel',
        action='store_false',
        help='tasks cannot be cancelled',
    )


def add_choosing(group) -> None:
    """Add options for which blocks can be combined, and what is required."""
    add = group.add_argument
    add(
        '--refuse-compose',
        type=int,
        metavar='STATUS',
        help='compose nothing: answer this status',
    )
    add(
        '--no-allocate',
        dest='allocate',
        action='store_false',
        help='rsd: the nodes have no action Allocate',
    )
    add(
        '--zones',
        choices=ZONES,
        default='racks',
        help='zones of blocks: that of their rack; Compute blocks in two, the '
        'others by turns in one of them; every other Compute block in none; '
        'there are no zones (default: %(default)s)',
    )
    add(
        '--share',
        nargs='*',
        choices=SHARED,
        default=[],
        help='the types of blocks that can be part of several systems',
    )
    add(
        '--max-compositions',
        type=int,
        default=0,
        help='of how many systems they can be part; 0: any number, and '
        'MaxCompositions is not told',
    )
    add(
        '--shared-state',
        choices=('ComposedAndAvailable', 'Unused'),
        default='ComposedAndAvailable',
        help='the state of such a block with room (default: %(default)s)',
    )
    add(
        '--block-types',
        choices=('told', 'empty', 'missing'),
        default='told',
        help='whether ResourceBlockType is told (default: %(default)s)',
    )
    add(
        '--blocks-by',
        nargs='*',
        choices=BLOCKS_BY,
        default=['actions', 'places'],
        help='how blocks are put to systems: by actions; by PATCH of their '
        'places; by PATCH of the whole list (default: the first two)',
    )
    add(
        '--required-on-create',
        nargs='*',
        metavar='NAME[=VALUE,VALUE]',
        default=[],
        help='properties that a request to compose must have, and their '
        'values; Boot/BootSourceOverrideMode names one within another',
    )


def add_writing(group) -> None:
    """Add options for where changes are written, and their side effects."""
    add = group.add_argument
    add(
        '--settings-object',
        action='store_true',
        help='Boot is read-only but in the settings object of a system',
    )
    add(
        '--apply-time',
        choices=('Immediate', 'OnReset'),
        default='Immediate',
        help='when what is written there counts, unless the request says '
        '(default: %(default)s)',
    )
    add(
        '--forget-boot-mode',
        action='store_true',
        help='a PATCH of Boot that names no mode makes it Legacy',
    )
    for name, what in (
        ('boot-targets', 'what can be booted from'),
        ('reset-types', 'how systems can be reset'),
    ):
        add(f'--{name}', nargs='+', help=f'{what} (default: as is usual)')
    add(
        '--boot-modes',
        nargs='+',
        default=['Legacy', 'UEFI'],
        help='how can be booted (default: Legacy UEFI)',
    )
