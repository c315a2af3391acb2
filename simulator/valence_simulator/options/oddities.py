# SPDX-License-Identifier: Apache-2.0
"""Options for behavior that the specification does not suggest."""

from __future__ import annotations

from valence_simulator.options.declare import off
from valence_simulator.options.declare import option
from valence_simulator.options.declare import seconds

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

#: What makes a resource look like another, or like two.
IDENTITY = (
    option(
        '--ids',
        choices=IDS,
        default='new',
        help='IDs of compositions: never used again; from 1 after a restart; '
        'used again as soon as they are free',
    ),
    option(
        '--location',
        choices=SPELLINGS,
        default='plain',
        help='notation of Location: as in the collection; with a slash at the '
        'end; as a URL; with a prefix; percent-encoded',
    ),
    option(
        '--member-links',
        choices=SPELLINGS,
        default='plain',
        help='notation of links in collections; other links are plain',
    ),
    option(
        '--prefix',
        default='',
        help='path of the service, as behind a proxy; links do not contain it',
    ),
    option(
        '--targets',
        choices=TARGETS,
        default='own',
        help='action targets: below their resource; below another one of the '
        'collection; outside of it; at a misspelt path; as a URL',
    ),
    off(
        '--no-echo',
        'do not return names, descriptions and asset tags of clients',
    ),
    option(
        '--echo-limit',
        type=int,
        default=0,
        help='maximum length of these texts; 0: unlimited',
    ),
)

#: Responses that do not match what was done.
OUTCOMES = (
    seconds(
        '--unreadable-seconds',
        'duration for which a composed resource is listed, but returns 404',
    ),
    seconds(
        '--unlisted-seconds',
        'duration for which a composed resource can be read, but is not '
        'listed',
    ),
    seconds(
        '--lingering-seconds',
        'duration for which a released resource returns 404, but is listed '
        'with its parts',
    ),
    seconds(
        '--power-seconds',
        'duration for which a system is PoweringOn or PoweringOff after a '
        'reset',
    ),
    option(
        '--task-on',
        nargs='*',
        choices=TASKS,
        help='work that is a task (default: redfish: the first four; '
        'rsd: none)',
    ),
    option(
        '--task-seconds',
        type=float,
        default=0.2,
        help='duration of tasks other than compose and release '
        '(default: %(default)s)',
    ),
    option(
        '--task-location',
        choices=TASK_LOCATIONS,
        default='monitor',
        help='Location of a 202: the task monitor; the task, without a '
        'monitor; missing, the body is the task; the task monitor, without '
        'a body',
    ),
    option(
        '--task-lifetime',
        type=float,
        help='seconds until a task that has ended returns 404',
    ),
    off('--no-task-cancel', 'tasks cannot be cancelled'),
)

#: Which blocks can be combined, and what is required.
CHOOSING = (
    option(
        '--refuse-compose',
        type=int,
        metavar='STATUS',
        help='reject compositions with this status',
    ),
    off('--no-allocate', 'rsd: nodes have no action Allocate'),
    option(
        '--zones',
        choices=ZONES,
        default='racks',
        help='zones of blocks: that of their rack; Compute blocks in two, '
        'others alternately in one of them; every other Compute block in '
        'none; no zones (default: %(default)s)',
    ),
    option(
        '--share',
        nargs='*',
        choices=SHARED,
        default=[],
        help='types of blocks that can be part of several systems',
    ),
    option(
        '--max-compositions',
        type=int,
        default=0,
        help='maximum number of these systems; 0: unlimited, without '
        'MaxCompositions',
    ),
    option(
        '--shared-state',
        choices=('ComposedAndAvailable', 'Unused'),
        default='ComposedAndAvailable',
        help='state of such a block below the limit (default: %(default)s)',
    ),
    option(
        '--block-types',
        choices=('present', 'empty', 'missing'),
        default='present',
        help='ResourceBlockType (default: %(default)s)',
    ),
    option(
        '--blocks-by',
        nargs='*',
        choices=BLOCKS_BY,
        default=['actions', 'places'],
        help='how blocks are added to systems: by actions; by PATCH of their '
        'places; by PATCH of the whole list (default: the first two)',
    ),
    option(
        '--required-on-create',
        nargs='*',
        metavar='NAME[=VALUE,VALUE]',
        default=[],
        help='required properties of a composition, and their valid values; '
        'for example Boot/BootSourceOverrideMode',
    ),
)

#: Where changes are written, and their side effects.
WRITING = (
    option(
        '--settings-object',
        action='store_true',
        help='Boot is writable only in the settings object of a system',
    ),
    option(
        '--apply-time',
        choices=('Immediate', 'OnReset'),
        default='Immediate',
        help='when these settings take effect, unless the request says so '
        '(default: %(default)s)',
    ),
    option(
        '--forget-boot-mode',
        action='store_true',
        help='a PATCH of Boot without a mode sets it to Legacy',
    ),
    option(
        '--boot-targets',
        nargs='+',
        help='supported boot targets (default: those of the service)',
    ),
    option(
        '--reset-types',
        nargs='+',
        help='supported reset types (default: those of the service)',
    ),
    option(
        '--boot-modes',
        nargs='+',
        default=['Legacy', 'UEFI'],
        help='supported boot modes (default: Legacy UEFI)',
    ),
)
