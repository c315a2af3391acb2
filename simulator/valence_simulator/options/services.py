# SPDX-License-Identifier: Apache-2.0
"""Options for the hardware and the features of the services."""

from __future__ import annotations

from valence_simulator import pod


def add_pod(group) -> None:
    """Add options for the hardware."""
    add = group.add_argument
    add('--systems', type=int, default=10, help='number of systems')
    add(
        '--systems-per-rack',
        type=int,
        default=40,
        help='number of systems per rack (default: %(default)s)',
    )
    add(
        '--seed',
        help='seed of UUIDs, serial numbers and MAC addresses '
        '(default: random)',
    )
    add(
        '--kinds',
        nargs='+',
        choices=sorted(pod.KINDS),
        help='kinds of systems, in this order (default: all but fpga)',
    )
    add(
        '--fpgas',
        type=int,
        default=0,
        help='rsd: number of FPGAs that can be attached to nodes',
    )
    add('--service-uuid', help='UUID of the service root')
    add(
        '--compose-seconds',
        type=float,
        default=0.2,
        help='duration of each step of a composition (default: %(default)s)',
    )
    add(
        '--release-seconds',
        type=float,
        default=0,
        help='duration of erasing when a node is deleted',
    )


def add_redfish(group) -> None:
    """Add options of all Redfish services."""
    add = group.add_argument
    add(
        '--no-expand',
        dest='expand',
        action='store_false',
        help='do not support $expand',
    )
    add(
        '--page-size',
        type=int,
        default=0,
        help='members per page; 0: no pages',
    )
    add(
        '--session-timeout',
        type=int,
        default=1800,
        help='idle timeout in seconds',
    )
    add(
        '--session-limit',
        type=int,
        default=64,
        help='maximum number of sessions',
    )
    add(
        '--no-push',
        dest='push',
        action='store_false',
        help='do not support event subscriptions',
    )
    add(
        '--no-sse',
        dest='sse',
        action='store_false',
        help='do not support server-sent events',
    )
    add(
        '--event-loss',
        type=float,
        default=0,
        help='probability that an event is lost, 0 to 1',
    )
    add(
        '--event-retry-seconds',
        type=float,
        default=60,
        help='time between the three attempts of a delivery',
    )
    add(
        '--keep-subscriptions',
        dest='lose_subscriptions',
        action='store_false',
        help='keep subscriptions on a restart',
    )


def add_rsd(group) -> None:
    """Add options of Intel's pod manager."""
    group.add_argument(
        '--rsd-version',
        choices=['2.1', '2.2', '2.3', '2.4', '2.5'],
        default='2.4',
        help='version of the API (default: %(default)s)',
    )


def add_composition(group) -> None:
    """Add options of DMTF's composition service."""
    add = group.add_argument
    add(
        '--compose-by',
        nargs='*',
        choices=['specific', 'constrained', 'manifest'],
        default=['specific', 'constrained', 'manifest'],
        help='supported composition methods (default: all)',
    )
    add(
        '--capabilities-on',
        choices=['systems', 'zones'],
        default='systems',
        help='resources with capabilities (default: %(default)s)',
    )
    add(
        '--inline-capabilities',
        action='store_true',
        help='show the requirements of constrained composition inline, as in '
        "the white paper, which DMTF's service validator rejects",
    )
    add(
        '--expandable',
        type=int,
        default=0,
        help='number of permanent systems that can be expanded',
    )
    add(
        '--reservation-seconds',
        type=float,
        default=10800,
        help='lifetime of a reservation (default: three hours)',
    )
    for name, what in (
        (
            'composition-service',
            'show the blocks on the service root and do not compose, like an '
            'expansion box',
        ),
        ('preview', 'do not support previews and reservations'),
        ('tasks', 'respond when the work is done, without tasks'),
        ('etags', 'send no ETags'),
        ('secure-erase', 'Decommission cannot erase securely'),
        ('select', 'do not support $select'),
        ('top-skip', 'do not support $top and $skip'),
    ):
        add(
            f'--no-{name}',
            dest=name.replace('-', '_'),
            action='store_false',
            help=what,
        )
    add(
        '--careless',
        action='store_true',
        help='a Preview composes, and a manifest that fails half way is not '
        'undone',
    )
    add(
        '--require-etag',
        action='store_true',
        help='return 428 for a PATCH without If-Match',
    )
