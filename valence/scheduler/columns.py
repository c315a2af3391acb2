# SPDX-License-Identifier: Apache-2.0
"""Which columns of pod managers filters and weighers read."""

from collections.abc import Callable
from collections.abc import Iterable
from typing import TypeVar

F = TypeVar('F', bound=Callable[..., object])

# What the scheduler itself reads.
_ALWAYS = 'uuid', 'name', 'refused_at'


def reads(*columns: str) -> Callable[[F], F]:
    """Declare which columns a filter or weigher reads.

    If all that are used declare them, the rows of pod managers may have only
    these: a thousand rows with all columns take longer than the comparison.
    """

    def decorate(function: F) -> F:
        vars(function)['columns'] = columns
        return function

    return decorate


def read_by(functions: Iterable[Callable[..., object]]) -> tuple[str, ...]:
    """The columns that are read; empty: any may be."""
    found: set[str] = {*_ALWAYS}
    for function in functions:
        declared = getattr(function, 'columns', None)
        if declared is None:
            return ()
        found.update(declared)
    return tuple(sorted(found))
