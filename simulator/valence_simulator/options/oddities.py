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
        help='IDs of compositions: never used again; from 1 after a restart; '
        'used again as soon as they are free',
    )
    add(
        '--location',
        choices=SPELLINGS,
        default='plain',
        help='notation of Location: as in the collection; with a slash at the '
        'end; as a URL; with a prefix; percent-encoded',
    )
    add(
        '--member-links',
        choices=SPELLINGS,
        default='plain',
        help='notation of links in collections; other links are plain',
    )
    add(
        '--prefix',
        default='',
        help='path of the service, as behind a proxy; links do not contain it',
    )
    add(
        '--targets',
        choices=TARGETS,
        default='own',
        help='action targets: below their resource; below another one of the '
        'collection; outside of it; at a misspelt path; as a URL',
    )
    add(
        '--no-echo',
        dest='echo',
        action='store_false',
        help='do not return names, descriptions and asset tags of clients',
    )
    add(
        '--echo-limit',
        type=int,
        default=0,
        help='maximum length of these texts; 0: unlimited',
    )


def add_outcomes(group) -> None:
    """Add options for responses that do not match what was done."""
    add = group.add_argument
    for name, what in (
        ('unreadable', 'a composed resource is listed, but returns 404'),
        ('unlisted', 'a composed resource can be read, but is not listed'),
        (
            'lingering',
            'a released resource returns 404, but is listed with its parts',
        ),
        ('power', 'a system is PoweringOn or PoweringOff after a reset'),
    ):
        add(
            f'--{name}-seconds',
            type=float,
            default=0,
            help=f'duration for which {what}',
        )
    add(
        '--task-on',
        nargs='*',
        choices=TASKS,
        help='work that is a task (default: redfish: the first four; '
        'rsd: none)',
    )
    add(
        '--task-seconds',
        type=float,
        default=0.2,
        help='duration of tasks other than compose and release '
        '(default: %(default)s)',
    )
    add(
        '--task-location',
        choices=TASK_LOCATIONS,
        default='monitor',
        help='Location of a 202: the task monitor; the task, without a '
        'monitor; missing, the body is the task; the task monitor, without '
        'a body',
    )
    add(
        '--task-lifetime',
        type=float,
        help='seconds until a task that has ended returns 404',
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
        help='reject compositions with this status',
    )
    add(
        '--no-allocate',
        dest='allocate',
        action='store_false',
        help='rsd: nodes have no action Allocate',
    )
    add(
        '--zones',
        choices=ZONES,
        default='racks',
        help='zones of blocks: that of their rack; Compute blocks in two, '
        'others alternately in one of them; every other Compute block in '
        'none; no zones (default: %(default)s)',
    )
    add(
        '--share',
        nargs='*',
        choices=SHARED,
        default=[],
        help='types of blocks that can be part of several systems',
    )
    add(
        '--max-compositions',
        type=int,
        default=0,
        help='maximum number of these systems; 0: unlimited, without '
        'MaxCompositions',
    )
    add(
        '--shared-state',
        choices=('ComposedAndAvailable', 'Unused'),
        default='ComposedAndAvailable',
        help='state of such a block below the limit (default: %(default)s)',
    )
    add(
        '--block-types',
        choices=('present', 'empty', 'missing'),
        default='present',
        help='ResourceBlockType (default: %(default)s)',
    )
    add(
        '--blocks-by',
        nargs='*',
        choices=BLOCKS_BY,
        default=['actions', 'places'],
        help='how blocks are added to systems: by actions; by PATCH of their '
        'places; by PATCH of the whole list (default: the first two)',
    )
    add(
        '--required-on-create',
        nargs='*',
        metavar='NAME[=VALUE,VALUE]',
        default=[],
        help='required properties of a composition, and their valid values; '
        'for example Boot/BootSourceOverrideMode',
    )


def add_writing(group) -> None:
    """Add options for where changes are written, and their side effects."""
    add = group.add_argument
    add(
        '--settings-object',
        action='store_true',
        help='Boot is writable only in the settings object of a system',
    )
    add(
        '--apply-time',
        choices=('Immediate', 'OnReset'),
        default='Immediate',
        help='when these settings take effect, unless the request says so '
        '(default: %(default)s)',
    )
    add(
        '--forget-boot-mode',
        action='store_true',
        help='a PATCH of Boot without a mode sets it to Legacy',
    )
    for name, what in (
        ('boot-targets', 'supported boot targets'),
        ('reset-types', 'supported reset types'),
    ):
        add(
            f'--{name}',
            nargs='+',
            help=f'{what} (default: those of the service)',
        )
    add(
        '--boot-modes',
        nargs='+',
        default=['Legacy', 'UEFI'],
        help='supported boot modes (default: Legacy UEFI)',
    )
