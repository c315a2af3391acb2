# SPDX-License-Identifier: Apache-2.0
"""Waiting for operations, with a progress bar on a terminal."""

import argparse
import sys
from typing import Any

from valenceclient.osc import output
from valenceclient.v1 import resources

_WIDTH = 30


def add_options(
    parser: argparse.ArgumentParser,
    what: str = 'Wait for the operation; exit with status 1 if it fails.',
    timeout: str = '--timeout',
) -> None:
    """Add the options for waiting.

    :param what: the help of ``--wait``.
    :param timeout: the option for its timeout.
    """
    parser.add_argument('--wait', action='store_true', help=what)
    parser.add_argument(
        timeout,
        dest='wait_timeout',
        type=float,
        metavar='<seconds>',
        help='Timeout of --wait; by default there is none.',
    )


def wait_for_operation(
    client: Any, started: Any, parsed_args: argparse.Namespace
) -> resources.Operation:
    """Wait for the operation of a request.

    On a terminal, a bar shows its progress.
    """
    on_terminal = sys.stderr.isatty()
    try:
        operation: resources.Operation = client.wait_for_operation(
            started,
            wait=parsed_args.wait_timeout,
            callback=_draw_bar if on_terminal else None,
        )
    except KeyboardInterrupt:
        uuid = getattr(started, 'operation_uuid', None) or started.id
        sys.stderr.write(
            f'\nThe operation {uuid} continues; "openstack valence operation '
            f'show {uuid}" shows it.\n'
        )
        raise
    finally:
        if on_terminal:
            sys.stderr.write('\r\033[K')
    return operation


def wait_for_pod_manager(
    client: Any, podm: Any, parsed_args: argparse.Namespace
) -> resources.PodManager:
    """Wait until the inventory of a pod manager was read.

    On a terminal, the reason why it is offline is printed when it changes.
    """
    printed = [podm.status_reason]

    def show(podm: resources.PodManager) -> None:
        if podm.status_reason not in (None, printed[0]):
            printed[0] = podm.status_reason
            sys.stderr.write(f'{podm.name} is offline: {printed[0]}\n')

    found: resources.PodManager = client.wait_for_pod_manager(
        podm,
        wait=parsed_args.wait_timeout,
        callback=show if sys.stderr.isatty() else None,
    )
    return found


def _draw_bar(operation: resources.Operation) -> None:
    percent = min(max(operation.progress or 0, 0), 100)
    full = _WIDTH * percent // 100
    bar = '#' * full + '.' * (_WIDTH - full)
    sys.stderr.write(
        f'\r\033[K{output.one_line(operation.action)} [{bar}] {percent:3d}% '
        f'{output.one_line(operation.step or operation.state)}'
    )
    sys.stderr.flush()
