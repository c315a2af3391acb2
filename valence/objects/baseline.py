# SPDX-License-Identifier: Apache-2.0
"""What identifies the hardware of a node."""

from typing import NotRequired
from typing import TypedDict


class Baseline(TypedDict):
    """What identified a node when it was composed or adopted.

    :param mark: the mark that the pod manager showed on it, if any.
    :param uuid: identifying UUID of the node itself; it may be missing.
    :param service_uuid: identifying UUID of the service, None if it has none.
    :param system_uuid: identifying UUID of its computer system.
    :param serial_number: of its computer system.
    :param macs: addresses of its network interfaces, normalized.
    :param parts: canonical URIs of what it was made of.
    """

    mark: str | None
    uuid: NotRequired[str | None]
    service_uuid: str | None
    system_uuid: str | None
    serial_number: str | None
    macs: list[str]
    parts: list[str]
