# SPDX-License-Identifier: Apache-2.0
"""Unusual values of properties, as on real machines."""

from __future__ import annotations

import argparse
import re

from valence_simulator.hardware import Processor
from valence_simulator.pod import Pod

#: The text in place of a MAC address.
NO_MAC = 'Not Available'


def dress(pod: Pod, options: argparse.Namespace) -> None:
    """Apply the options to the hardware of a pod."""
    for system in pod.systems.values():
        for n, nic in enumerate(system.nics):
            last = n == len(system.nics) - 1
            nic.shown = mac(nic.mac, options.macs, n == 0, last)
    for n, drive in enumerate(pod.enclosure.drives):
        drive.huge = n < options.huge_drives


def mac(address: str, form: str, first: bool, last: bool) -> str | None:
    """Return a MAC address in one of the notations of ``--macs``.

    :param first: whether it is that of the first interface of its system.
    :param last: whether it is that of the last interface.
    """
    bare = address.replace(':', '')
    if form == 'hyphens':
        return address.replace(':', '-')
    if form == 'bare':
        return bare
    if form == 'dots':
        return '.'.join(re.findall('....', bare)).lower()
    if form == 'long' and first:
        # Like InfiniBand, where a GID precedes it.
        return ':'.join(['80:00:02:08:FE:80', *['00'] * 8, address])
    if form in _NONE and not last:
        return _NONE[form]
    return address


_NONE = {'unavailable': NO_MAC, 'null': None, 'empty': ''}


def identity(uuid: str, serial: str, options: argparse.Namespace) -> dict:
    """Return UUID and serial number of a system, as configured."""
    if options.identity == 'none':
        return {'UUID': None, 'SerialNumber': None}
    return {
        'UUID': uuid_as(options.system_uuid or uuid, options.uuids),
        'SerialNumber': options.system_serial or serial,
    }


def uuid_as(uuid: str, form: str) -> str:
    """Return a UUID in a form of ``--uuids``."""
    if form == 'upper':
        return uuid.upper()
    if form == 'braces':
        return f'{{{uuid}}}'
    return uuid.replace('-', '') if form == 'bare' else uuid


def processor_summary(
    processors: list[Processor], options: argparse.Namespace
) -> dict:
    """Return count and model of a ProcessorSummary."""
    counted = [p for p in processors if p.type == 'CPU']
    if options.summary_counts_gpus:
        counted = sorted(processors, key=lambda p: p.type == 'CPU')
    return {
        'Count': len(counted),
        'Model': counted[0].model if counted else None,
    }
