# SPDX-License-Identifier: Apache-2.0
"""What a node boots from."""

import dataclasses

ENABLED = ('Disabled', 'Once', 'Continuous')
MODES = ('UEFI', 'Legacy')


@dataclasses.dataclass(frozen=True)
class BootOverride:
    """What a node is to boot from.

    :param enabled: one of ``ENABLED``.
    :param target: such as Pxe or Hdd, as the node allows.
    :param mode: one of ``MODES``; None: unchanged.
    :param http_boot_uri: for the target UefiHttp; None: unchanged.
    """

    enabled: str
    target: str
    mode: str | None = None
    http_boot_uri: str | None = None
