# SPDX-License-Identifier: Apache-2.0
"""When to poll a pod manager that is working on a step.

The pause between polls grows with the time that the step has taken. Once the
duration of a step on a pod manager is known, the first poll comes just before
the step may be done. Durations are kept in memory: a new process learns them
again.
"""

# The first pause in seconds; later ones are this share of the time so far.
_FIRST_PAUSE = 0.2
_SHARE = 0.1
# A step may end a little before the shortest of its last runs did.
_EARLY = 0.95
_RUNS = 5

_durations: dict[tuple[str | None, str], tuple[float, ...]] = {}


def record_duration(podm_uuid: str | None, step: str, seconds: float) -> None:
    """Store how long a step has taken on a pod manager."""
    if seconds > _FIRST_PAUSE:
        key = (podm_uuid, step)
        _durations[key] = (*_durations.get(key, ()), seconds)[-_RUNS:]


def next_delay(
    podm_uuid: str | None, step: str, age: float, advised: float
) -> float:
    """How many seconds to wait before the next poll.

    :param age: how many seconds ago the step was begun.
    :param advised: the delay that the driver advises; an upper limit for
        steps of unknown duration.
    """
    shortest = min(_durations.get((podm_uuid, step), (0.0,)))
    usual = min(advised, max(_FIRST_PAUSE, age * _SHARE))
    return max(usual, shortest * _EARLY - age)
