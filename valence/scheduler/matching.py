# SPDX-License-Identifier: Apache-2.0
"""Exact matching of components with demands. Pure functions."""

from collections import deque
from collections.abc import Sequence


def assign(
    counts: Sequence[int], fits: Sequence[frozenset[int]]
) -> list[list[int]]:
    """Assign as many components to demands as possible.

    This is a maximum matching of a bipartite graph. Components that come first
    are preferred: one is left out only if the demands that it meets are met by
    earlier ones.

    :param counts: how many components each demand asks for.
    :param fits: the demands that each component meets.
    :returns: the components of each demand, by their numbers.
    """
    taken: list[list[int]] = [[] for _ in counts]
    missing = sum(counts)
    # What cannot be placed now cannot be placed later either.
    useless: set[frozenset[int]] = {frozenset()}
    for component, demands in enumerate(fits):
        if not missing:
            break
        if demands in useless:
            continue
        if _place(component, counts, fits, taken):
            missing -= 1
        else:
            useless.add(demands)
    return taken


def _place(
    component: int,
    counts: Sequence[int],
    fits: Sequence[frozenset[int]],
    taken: list[list[int]],
) -> bool:
    """Assign one more component; others may move to another demand for it."""
    # The component that would move to a demand, and the demand that it leaves.
    moves: dict[int, tuple[int, int | None]] = {
        demand: (component, None) for demand in sorted(fits[component])
    }
    queue = deque(moves)
    while queue:
        demand = queue.popleft()
        if len(taken[demand]) < counts[demand]:
            _move(demand, moves, taken)
            return True
        for other in taken[demand]:
            for new in sorted(fits[other] - moves.keys()):
                moves[new] = other, demand
                queue.append(new)
    return False


def _move(
    demand: int,
    moves: dict[int, tuple[int, int | None]],
    taken: list[list[int]],
) -> None:
    """Carry out the moves that end at a demand."""
    target: int | None = demand
    while target is not None:
        component, source = moves[target]
        taken[target].append(component)
        if source is not None:
            taken[source].remove(component)
        target = source
