# SPDX-License-Identifier: Apache-2.0
"""Waiting for operations, with a progress bar on a terminal."""

import argparse
import contextlib
import sys
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from valenceclient.osc import output
from valenceclient.osc import several
from valenceclient.v1 import resources

_WIDTH = 30
# What goes on with a new pod manager that has not failed.
_STEPS = {
    'offline': 'waiting for the first contact',
    'online': 'reading the inventory',
}


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
    with _naming_operations([started]):
        try:
            operation: resources.Operation = client.wait_for_operation(
                started,
                wait=parsed_args.wait_timeout,
                callback=_draw_bar if on_terminal else None,
            )
        finally:
            if on_terminal:
                sys.stderr.write('\r\033[K')
    return operation


def wait_for_each(
    wait: Callable[[Any], Any],
    started: dict[str, Any],
    attempts: several.Attempts,
) -> dict[str, Any]:
    """Wait for the operations of several requests, one after the other.

    :param wait: waits for the operation of one of them.
    :param started: what the requests returned, by the names of the resources.
    :returns: what ``wait`` returned, without those that failed.
    """
    left = list(started.values())

    def wait_for_next(one: Any) -> Any:
        left.pop(0)
        return wait(one)

    with _naming_operations(left):
        return attempts.each(wait_for_next, started)


@contextlib.contextmanager
def _naming_operations(left: list[Any]) -> Iterator[None]:
    """When the user interrupts, name the operations that nobody waits for."""
    try:
        yield
    except KeyboardInterrupt:
        for one in left:
            uuid = getattr(one, 'operation_uuid', None) or one.id
            sys.stderr.write(
                f'\nThe operation {uuid} continues; "openstack valence '
                f'operation show {uuid}" shows it.\n'
            )
        raise


def wait_for_pod_manager(
    client: Any, podm: Any, parsed_args: argparse.Namespace
) -> resources.PodManager:
    """Wait until the inventory of a pod manager was read.

    With a timeout, that is also waited for while the pod manager is offline.
    On a terminal, what the service is doing, and the reason why the pod
    manager is offline, are printed when they change.
    """
    printed = ['']

    def show(podm: resources.PodManager) -> None:
        state = f'{podm.name} is {podm.status}: '
        state += podm.status_reason or _STEPS[podm.status]
        if state != printed[0]:
            printed[0] = state
            sys.stderr.write(f'{output.one_line(state)}\n')

    try:
        found: resources.PodManager = client.wait_for_pod_manager(
            podm,
            wait=parsed_args.wait_timeout,
            callback=show if sys.stderr.isatty() else None,
            fail=parsed_args.wait_timeout is None,
        )
    except KeyboardInterrupt:
        sys.stderr.write(
            f'\nThe pod manager {podm.id} is registered, and its inventory '
            f'will be read; "openstack valence podmanager show {podm.id}" '
            f'shows it.\n'
        )
        raise
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
