# SPDX-License-Identifier: Apache-2.0
"""Exact matching of components with wishes. Pure functions."""

from collections import deque
from collections.abc import Sequence


def assign(
    counts: Sequence[int], fits: Sequence[frozenset[int]]
) -> list[list[int]]:
    """Assign as many components to wishes as possible.

    This is a maximum matching of a bipartite graph. Components that come first
    are preferred: one is left out only if the wishes that it meets are met by
    earlier ones.

    :param counts: how many components each wish asks for.
    :param fits: the wishes that each component meets.
    :returns: the components of each wish, by their numbers.
    """
    taken: list[list[int]] = [[] for _ in counts]
    missing = sum(counts)
    # What cannot be placed now cannot be placed later either.
    useless: set[frozenset[int]] = {frozenset()}
    for component, wishes in enumerate(fits):
        if not missing:
            break
        if wishes in useless:
            continue
        if _place(component, counts, fits, taken):
            missing -= 1
        else:
            useless.add(wishes)
    return taken


def _place(
    component: int,
    counts: Sequence[int],
    fits: Sequence[frozenset[int]],
    taken: list[list[int]],
) -> bool:
    """Assign one more component; others may move to another wish for it."""
    # The component that would move to a wish, and the wish that it leaves.
    moves: dict[int, tuple[int, int | None]] = {
        wish: (component, None) for wish in sorted(fits[component])
    }
    queue = deque(moves)
    while queue:
        wish = queue.popleft()
        if len(taken[wish]) < counts[wish]:
            _move(wish, moves, taken)
            return True
        for other in taken[wish]:
            for new in sorted(fits[other] - moves.keys()):
                moves[new] = other, wish
                queue.append(new)
    return False


def _move(
    wish: int,
    moves: dict[int, tuple[int, int | None]],
    taken: list[list[int]],
) -> None:
    """Carry out the moves that end at a wish."""
    target: int | None = wish
    while target is not None:
        component, source = moves[target]
        taken[target].append(component)
        if source is not None:
            taken[source].remove(component)
        target = source
