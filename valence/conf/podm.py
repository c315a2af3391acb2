# SPDX-License-Identifier: Apache-2.0
import ipaddress

from oslo_config import cfg
from oslo_config import types

GROUP = cfg.OptGroup(
    'podm',
    title='Pod managers',
    help="""
What pod managers of any kind may be, and how much one call of a driver, such
as one reading of the inventory, may receive. What it received until a limit
was reached is stored; nothing that was not read is taken for missing. How long
a reading may take is [conductor] sync_timeout.
""",
)


class _Network(types.ConfigType):
    """A network in CIDR notation, or a single address."""

    def __call__(
        self, value: str
    ) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        return ipaddress.ip_network(value, strict=False)

    def _formatter(self, value: object) -> str:
        return str(value)


OPTS = [
    cfg.ListOpt(
        'allowed_networks',
        default=[],
        item_type=_Network(),
        sample_default=['192.0.2.0/24', '2001:db8::/32'],
        help="""
The networks that pod managers may be in. Valence compares the address that it
connects to, each time it connects, so a host name that is resolved to another
address is refused as well. By default, pod managers may be anywhere.
""",
    ),
    cfg.IntOpt(
        'max_reading_bytes',
        default=256 * 1024 * 1024,
        min=1024,
        help='Maximum size of all responses of one reading in bytes.',
    ),
    cfg.IntOpt(
        'max_reading_values',
        default=10_000_000,
        min=100,
        help='Maximum number of JSON values in all responses of one reading. '
        'Each one takes up to a hundred bytes of memory.',
    ),
    cfg.IntOpt(
        'max_reading_requests',
        default=500_000,
        min=10,
        help='Maximum number of requests of one reading.',
    ),
    cfg.IntOpt(
        'max_properties_bytes',
        default=64 * 1024,
        min=16 * 1024,
        help="""
How much is kept of the properties of one resource, in bytes of JSON. The
largest properties of a larger one are left out; their names are in
@Valence.Omitted.
""",
    ),
]
