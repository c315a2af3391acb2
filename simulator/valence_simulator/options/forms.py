# SPDX-License-Identifier: Apache-2.0
"""Options for forms of services that differ from the specification."""

from __future__ import annotations

from valence_simulator.options.declare import off
from valence_simulator.options.declare import option
from valence_simulator.options.declare import seconds

#: Forms of error responses.
ERRORS = (
    'redfish',
    'args',
    'code',
    'message',
    'text',
    'html',
    'text-json',
    'empty',
)
#: Properties that contain the members of a collection.
MEMBERS = ('array', 'object', 'links')
#: Forms of the link to the next page of a collection.
NEXT_LINKS = ('plain', 'absolute', 'relative', 'object', 'unprefixed')

#: Notations of a MAC address.
MACS = (
    'colons',
    'hyphens',
    'bare',
    'dots',
    'long',
    'unavailable',
    'null',
    'empty',
)
#: Forms of OriginOfCondition.
ORIGINS = (
    *('plain', 'slash', 'absolute', 'prefix', 'encoded'),
    *('fragment', 'query', 'text'),
)

#: Errors, collections, ETags and sessions.
FORMS = (
    option(
        '--errors',
        choices=ERRORS,
        default='redfish',
        help='form of errors: only MessageId and arguments; only a code; '
        '{"message"}; text; HTML; JSON with the type of text; only a status',
    ),
    option(
        '--members',
        choices=MEMBERS,
        default='array',
        help='a single member instead of an array; members below Links',
    ),
    option(
        '--next-link',
        choices=NEXT_LINKS,
        default='plain',
        help='link to the next page: a URL; only a query; an object; without '
        'the prefix Members',
    ),
    option(
        '--etag-header',
        choices=('right', 'quoted', 'suffix', 'bare', 'missing'),
        default='right',
        help='the ETag header: quoted twice; with the suffix -gzip; without '
        'quotes; missing',
    ),
    option(
        '--etag-body',
        choices=('right', 'quoted', 'bare', 'missing'),
        default='right',
        help='the same for @odata.etag',
    ),
    option('--strong-etags', action='store_true', help='ETags without W/'),
    off(
        '--no-session-location',
        'only the body of a new session contains its URI',
    ),
    option(
        '--session-full-status',
        type=int,
        default=503,
        help='status if there are too many sessions (default: %(default)s)',
    ),
    option(
        '--session-full-message-id',
        default='Base.1.0.SessionLimitExceeded',
        help='its MessageId, such as IDRAC.2.4.RAC0218 (default: %(default)s)',
    ),
)

#: The values of properties.
VALUES = (
    option('--system-uuid', help='the UUID of all systems'),
    option('--system-serial', help='the serial number of all systems'),
    option(
        '--uuids',
        choices=('plain', 'upper', 'braces', 'bare'),
        default='plain',
        help='form of UUIDs: upper case; in braces; without hyphens',
    ),
    option(
        '--identity',
        choices=('own', 'hardware', 'none'),
        default='own',
        help='UUID and serial number of systems: new for every composed one; '
        'those of its Compute block; none (default: %(default)s)',
    ),
    option(
        '--macs',
        choices=MACS,
        default='colons',
        help='MAC addresses: other notations; 20 octets on the first '
        'interface of a system; "Not Available", null or empty on all but '
        'the last one',
    ),
    option(
        '--nics',
        choices=('interfaces', 'ports', 'functions', 'both'),
        default='interfaces',
        help='where NICs are shown: EthernetInterfaces; only as ports, or '
        'functions, of network adapters; as interfaces and ports',
    ),
    option(
        '--links-down',
        action='store_true',
        help='interfaces of a system that is off have no speed',
    ),
    option(
        '--summary-counts-gpus',
        action='store_true',
        help='ProcessorSummary counts GPUs and has their model',
    ),
    option(
        '--huge-drives',
        type=int,
        default=0,
        help='number of pooled drives with 2**54 bytes',
    ),
)

#: Events and streams.
EVENTS = (
    option(
        '--origins',
        choices=ORIGINS,
        default='plain',
        help='form of OriginOfCondition: a notation of --location; with a '
        'fragment; with a query; a text instead of an object',
    ),
    seconds(
        '--heartbeat-seconds',
        'interval of heartbeats on streams; 0: none',
    ),
    seconds(
        '--telemetry-seconds',
        'interval of metric reports on streams that do not exclude them; '
        '0: none',
    ),
    option(
        '--sse-data-lines',
        type=int,
        default=1,
        help='minimum number of data lines of an event on a stream',
    ),
)
