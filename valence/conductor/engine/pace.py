# SPDX-License-Identifier: Apache-2.0
"""Whether and when a step is run again.

``again`` is the only rule. What is in progress is limited by time, what failed
by attempts, and what lost a race by both; the pause always grows.

The pause between polls of a pod manager that is working on a step grows with
the time that the step has taken. Once the duration of a step on a pod manager
is known, the first poll comes just before the step may be done. Durations are
kept in memory: a new process learns them again.
"""

import dataclasses
import random
import threading
from typing import NamedTuple

from oslo_config import cfg
from oslo_db import exception as db_exception

from valence.common import exception
from valence.podmanagers.progress import InProgress

# What may pass.
_TRANSIENT = (
    exception.PodManagerUnavailable,
    # The root of a pod manager that works is not what it was, for a moment.
    exception.NotAPodManager,
    exception.ProvisioningUnavailable,
    exception.DatabaseUnavailable,
)
# What can never be undone. Anything else that a pod manager fails to undo is
# tried again: to give up leaves hardware behind.
_NEVER_UNDONE = (
    exception.AnswerLost,
    exception.NotAsRequested,
    exception.NotOurs,
    exception.ServiceReplaced,
)
# Another operation was quicker: the step is run again on what is left.
_RACES = (db_exception.DBDuplicateEntry, exception.LostRace)
# A race that is lost so often is none.
_MAX_RACES = 50
# The longest pauses in seconds after a lost race, and after a failure.
_RACE_PAUSE = 10.0
_FAILURE_PAUSE = 300.0

# The first pause in seconds; later ones are this share of the time so far.
_FIRST_PAUSE = 0.2
_SHARE = 0.1
# A step may end a little before the shortest of its last runs did.
_EARLY = 0.95
_RUNS = 5

_durations: dict[tuple[str | None, str], tuple[float, ...]] = {}
_lock = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Tries:
    """What a step, or its undo, has cost so far.

    :param attempt: how often it has failed or lost a race in a row.
    :param age: how many seconds ago it was begun.
    :param limit: how many seconds it may take; 0: only its attempts count.
    :param undoing: whether it is an undo.
    """

    podm_uuid: str | None
    step: str
    attempt: int
    age: float
    limit: float
    undoing: bool = False


class Again(NamedTuple):
    """A further attempt.

    :param seconds: the pause before it.
    :param attempt: the new count of attempts.
    """

    seconds: float
    attempt: int


def again(exc: Exception, tries: Tries) -> Again | None:
    """Whether and when to run a step again.

    :param exc: what it has raised.
    :returns: None when it cannot succeed, or was tried long enough.
    """
    if isinstance(exc, InProgress):
        return _poll(exc, tries)
    attempt = tries.attempt + 1
    if isinstance(exc, _RACES):
        limit = min(tries.limit, cfg.CONF.conductor.compose_timeout)
        if tries.age > limit or attempt >= _MAX_RACES:
            return None
        longest = min(_RACE_PAUSE, _FIRST_PAUSE * 2.0 ** (attempt - 1))
        return Again(random.uniform(0, longest), attempt)  # noqa: S311
    if _may_pass(exc, tries) and attempt < cfg.CONF.conductor.attempts:
        pause = cfg.CONF.conductor.retry_interval * 2.0 ** (attempt - 1)
        return Again(min(_FAILURE_PAUSE, pause), attempt)
    return None


def _may_pass(exc: Exception, tries: Tries) -> bool:
    if isinstance(exc, _TRANSIENT):
        return True
    return (
        tries.undoing
        and isinstance(exc, exception.PodManagerError)
        and not isinstance(exc, _NEVER_UNDONE)
    )


def _poll(exc: InProgress, tries: Tries) -> Again | None:
    """The next poll, unless the step has timed out.

    A poll that succeeds ends a series of attempts: only time limits it.
    """
    if tries.age >= tries.limit:
        return None
    pause = next_delay(tries.podm_uuid, tries.step, tries.age, exc.seconds)
    return Again(pause, 0)


def record_duration(podm_uuid: str | None, step: str, seconds: float) -> None:
    """Store how long a step has taken on a pod manager."""
    if seconds > _FIRST_PAUSE:
        key = (podm_uuid, step)
        with _lock:
            _durations[key] = (*_durations.get(key, ()), seconds)[-_RUNS:]


def next_delay(
    podm_uuid: str | None, step: str, age: float, advised: float
) -> float:
    """How many seconds to wait before the next poll.

    :param age: how many seconds ago the step was begun.
    :param advised: the delay that the driver advises; an upper limit for
        steps of unknown duration.
    """
    with _lock:
        shortest = min(_durations.get((podm_uuid, step), (0.0,)))
    usual = min(advised, max(_FIRST_PAUSE, age * _SHARE))
    return max(usual, shortest * _EARLY - age)
