# SPDX-License-Identifier: Apache-2.0
"""When to ask a pod manager that is at work whether it is done.

What is quick is asked after soon, what is slow more and more seldom. Once it
is known how long a step takes on a pod manager, it is left in peace until the
step might be done. All of this lives in memory: who starts anew learns anew.
"""

# A pod manager is asked after that many seconds, later after this share of
# the time that it has taken.
_SOON = 0.2
_SHARE = 0.1
# A step may end a little before the quickest of its last runs did.
_EARLY = 0.95
_RUNS = 5

_took: dict[tuple[str | None, str], tuple[float, ...]] = {}


def took(podm_uuid: str | None, step: str, seconds: float) -> None:
    """Learn how long a step has taken on a pod manager."""
    if seconds > _SOON:
        key = (podm_uuid, step)
        _took[key] = (*_took.get(key, ()), seconds)[-_RUNS:]


def pause(
    podm_uuid: str | None, step: str, age: float, advised: float
) -> float:
    """How many seconds to wait before asking again.

    :param age: how many seconds ago the step was begun.
    :param advised: how long the driver thinks that it may take.
    """
    quickest = min(_took.get((podm_uuid, step), (0.0,)))
    usual = min(advised, max(_SOON, age * _SHARE))
    return max(usual, quickest * _EARLY - age)
