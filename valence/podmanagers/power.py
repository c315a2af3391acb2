# SPDX-License-Identifier: Apache-2.0
"""Resets of nodes, and the power states that they lead to."""

from valence.common import exception
from valence.podmanagers.outcomes import POLL_SECONDS
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import InProgress

# Another one of these has another effect: they are sent once.
ONCE = (
    *('Nmi', 'PushPowerButton', 'PowerCycle'),
    *('ForceRestart', 'GracefulRestart'),
)
_OFF = ('ForceOff', 'GracefulShutdown')
CHANGING = ('powering_on', 'powering_off')
_TOGGLED = {'on': 'off', 'off': 'on'}


def goal(reset_type: str, before: str | None) -> str | None:
    """The power state that a reset leads to; None: any.

    :param before: the power state before it.
    """
    if reset_type in _OFF:
        return 'off'
    if reset_type == 'PushPowerButton':
        return _TOGGLED.get(str(before))
    return None if reset_type == 'Nmi' else 'on'


def check(reset_type: str, before: str | None, now: str) -> None:
    """Check that the power state is what a reset leads to.

    :raises InProgress: while it changes.
    :raises Settling: while it is another one.
    """
    expected = goal(reset_type, before)
    if now in CHANGING:
        raise InProgress(
            POLL_SECONDS,
            f'the power state is {now}, not {expected or "stable"}',
        )
    if now != (expected or now) or now == 'unknown':
        raise Settling(f'the power state is {now}, not {expected or "known"}')


def check_lost(reset_type: str, before: str | None, now: str) -> None:
    """Check that the power state shows a reset whose answer was lost.

    :raises Settling: while it does not show.
    :raises AnswerLost: when it never will.
    """
    if now in CHANGING or (now != before and now != 'unknown'):
        return
    shown = f'the power state is {now}, as before the reset'
    if goal(reset_type, before) is None:
        raise exception.AnswerLost(reason=shown)
    raise Settling(f'the answer was lost; look at the node: {shown}')
