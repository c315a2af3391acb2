# SPDX-License-Identifier: Apache-2.0
"""Options for the hardware and the features of the services."""

from __future__ import annotations

from valence_simulator import personalities
from valence_simulator import pod
from valence_simulator.options.declare import off
from valence_simulator.options.declare import option
from valence_simulator.options.declare import seconds

#: The simulated service, its socket and its users.
SERVER = (
    option(
        '--personality',
        choices=sorted(personalities.PERSONALITIES),
        default='rsd',
        help='the simulated service (default: %(default)s)',
    ),
    option('--host', default='127.0.0.1', help='address to listen on'),
    option('--port', type=int, default=0, help='port; 0 selects a free one'),
    option(
        '--username', help='required user; without it no login is required'
    ),
    option('--password', default='', help='password of the user'),
    option(
        '--tls',
        action='store_true',
        help='serve https with a self-signed certificate',
    ),
    option('--tls-cert', help='PEM file of the certificate for https'),
    option('--tls-key', help='PEM file of its key'),
    option(
        '--latency-ms',
        type=float,
        default=0,
        help='delay of every response',
    ),
)

#: The hardware.
POD = (
    option('--systems', type=int, default=10, help='number of systems'),
    option(
        '--systems-per-rack',
        type=int,
        default=40,
        help='number of systems per rack (default: %(default)s)',
    ),
    option(
        '--seed',
        help='seed of UUIDs, serial numbers, MAC addresses and faults with a '
        'probability (default: random)',
    ),
    option(
        '--kinds',
        nargs='+',
        choices=sorted(pod.KINDS),
        help='kinds of systems, in this order (default: all but fpga)',
    ),
    option(
        '--fpgas',
        type=int,
        default=0,
        help='rsd: number of FPGAs that can be attached to nodes',
    ),
    option('--service-uuid', help='UUID of the service root'),
    option(
        '--compose-seconds',
        type=float,
        default=0.2,
        help='duration of each step of a composition (default: %(default)s)',
    ),
    seconds('--release-seconds', 'duration of erasing when a node is deleted'),
)

#: All Redfish services.
REDFISH = (
    off('--no-expand', 'do not support $expand'),
    option(
        '--page-size',
        type=int,
        default=0,
        help='members per page; 0: no pages',
    ),
    option(
        '--session-timeout',
        type=int,
        default=1800,
        help='idle timeout in seconds',
    ),
    option(
        '--session-limit',
        type=int,
        default=64,
        help='maximum number of sessions',
    ),
    off('--no-push', 'do not support event subscriptions'),
    off('--no-sse', 'do not support server-sent events'),
    option(
        '--event-loss',
        type=float,
        default=0,
        help='probability that an event is lost, 0 to 1',
    ),
    option(
        '--event-retry-seconds',
        type=float,
        default=60,
        help='time between the three attempts of a delivery',
    ),
    off(
        '--keep-subscriptions',
        dest='lose_subscriptions',
        help='keep subscriptions on a restart',
    ),
)

#: Intel's pod manager.
RSD = (
    option(
        '--rsd-version',
        choices=['2.1', '2.2', '2.3', '2.4', '2.5'],
        default='2.4',
        help='version of the API (default: %(default)s)',
    ),
)

#: DMTF's composition service.
COMPOSITION = (
    option(
        '--compose-by',
        nargs='*',
        choices=['specific', 'constrained', 'manifest'],
        default=['specific', 'constrained', 'manifest'],
        help='supported composition methods (default: all)',
    ),
    option(
        '--capabilities-on',
        choices=['systems', 'zones'],
        default='systems',
        help='resources with capabilities (default: %(default)s)',
    ),
    option(
        '--inline-capabilities',
        action='store_true',
        help='show the requirements of constrained composition inline, as in '
        "the white paper, which DMTF's service validator rejects",
    ),
    option(
        '--expandable',
        type=int,
        default=0,
        help='number of permanent systems that can be expanded',
    ),
    option(
        '--reservation-seconds',
        type=float,
        default=10800,
        help='lifetime of a reservation (default: three hours)',
    ),
    off(
        '--no-composition-service',
        'show the blocks on the service root and do not compose, like an '
        'expansion box',
    ),
    off('--no-preview', 'do not support previews and reservations'),
    off('--no-tasks', 'respond when the work is done, without tasks'),
    off('--no-etags', 'send no ETags'),
    off('--no-secure-erase', 'Decommission cannot erase securely'),
    off('--no-select', 'do not support $select'),
    off('--no-top-skip', 'do not support $top and $skip'),
    option(
        '--careless',
        action='store_true',
        help='a Preview composes, and a manifest that fails half way is not '
        'undone',
    ),
    option(
        '--require-etag',
        action='store_true',
        help='return 428 for a PATCH without If-Match',
    ),
)
