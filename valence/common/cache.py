# SPDX-License-Identifier: Apache-2.0
"""Results that are computed once."""

import functools
from collections.abc import Callable
from typing import ParamSpec
from typing import TypeVar
from typing import cast

P = ParamSpec('P')
T = TypeVar('T')


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """Cache the results of a function for each combination of arguments.

    As ``functools.cache``, but the arguments keep their types; mypy believes
    that classes, which are fine as keys, are not hashable.
    """
    return cast('Callable[P, T]', functools.cache(function))
