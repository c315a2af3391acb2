# SPDX-License-Identifier: Apache-2.0
"""Options for the hardware and the features of the services."""

from __future__ import annotations

from valence_simulator import pod


def add_pod(group) -> None:
    """Add options for the hardware."""
    add = group.add_argument
    add('--systems', type=int, default=10, help='how many systems there are')
    add(
        '--systems-per-rack',
        type=int,
        default=40,
        help='how many of them share a rack (default: %(default)s)',
    )
    add(
        '--seed',
        help='what UUIDs, serial numbers and MAC addresses derive from '
        '(default: new ones at every start)',
    )
    add(
        '--kinds',
        nargs='+',
        choices=sorted(pod.KINDS),
        help='the kinds of system that there are, by turns (default: all but '
        'fpga)',
    )
    add(
        '--fpgas',
        type=int,
        default=0,
        help='rsd: how many FPGAs there are to be attached to nodes',
    )
    add('--service-uuid', help="the service root's UUID")
    add(
        '--compose-seconds',
        type=float,
        default=0.2,
        help='how long each step of composing lasts (default: %(default)s)',
    )
    add(
        '--release-seconds',
        type=float,
        default=0,
        help='how long erasing lasts when a node is deleted',
    )


def add_redfish(group) -> None:
    """Add options of all Redfish services."""
    add = group.add_argument
    add(
        '--no-expand',
        dest='expand',
        action='store_false',
        help='neither offer nor honour $expand',
    )
    add('--page-size', type=int, default=0, help='members a page; 0: no pages')
    add('--session-timeout', type=int, default=1800, help='seconds of idling')
    add('--session-limit', type=int, default=64, help='how many at once')
    add(
        '--no-push',
        dest='push',
        action='store_false',
        help='take no event subscriptions',
    )
    add(
        '--no-sse',
        dest='sse',
        action='store_false',
        help='offer no server-sent events',
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
        help='time between the three tries of a delivery',
    )
    add(
        '--keep-subscriptions',
        dest='lose_subscriptions',
        action='store_false',
        help='subscriptions outlive a restart',
    )


def add_rsd(group) -> None:
    """Add options of Intel's pod manager."""
    group.add_argument(
        '--rsd-version',
        choices=['2.1', '2.2', '2.3', '2.4', '2.5'],
        default='2.4',
        help='the version of the API (default: %(default)s)',
    )


def add_composition(group) -> None:
    """Add options of DMTF's composition service."""
    add = group.add_argument
    add(
        '--compose-by',
        nargs='*',
        choices=['specific', 'constrained', 'manifest'],
        default=['specific', 'constrained', 'manifest'],
        help='the ways to compose that are offered (default: all)',
    )
    add(
        '--capabilities-on',
        choices=['systems', 'zones'],
        default='systems',
        help='where the capabilities are shown (default: %(default)s)',
    )
    add(
        '--inline-capabilities',
        action='store_true',
        help='tell inline what constrained composition can ask for, as the '
        "white paper does and DMTF's service validator refuses",
    )
    add(
        '--expandable',
        type=int,
        default=0,
        help='how many systems are there already, to be expanded',
    )
    add(
        '--reservation-seconds',
        type=float,
        default=10800,
        help='how long a reservation lasts (default: three hours)',
    )
    for name, what in (
        (
            'composition-service',
            'show the blocks on the service root and compose nothing, as an '
            'expansion box does',
        ),
        ('preview', 'offer no previews and reservations'),
        ('tasks', 'answer when the work is done, without tasks'),
        ('etags', 'send no ETags'),
        ('secure-erase', 'Decommission cannot erase securely'),
        ('select', 'neither offer nor honour $select'),
        ('top-skip', 'neither offer nor honour $top and $skip'),
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
        help='answer 428 to a PATCH without If-Match',
    )
