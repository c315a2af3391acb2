# SPDX-License-Identifier: Apache-2.0
"""Results that are worked out once."""

import functools
from collections.abc import Callable
from typing import ParamSpec
from typing import TypeVar
from typing import cast

P = ParamSpec('P')
T = TypeVar('T')


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Remember what a function gave, for every combination of arguments.

    As ``functools.cache``, but the arguments keep their types; mypy takes
    classes, which are fine as keys, for something that cannot be one.
    """
    return cast('Callable[P, T]', functools.cache(function))
