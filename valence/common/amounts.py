# SPDX-License-Identifier: Apache-2.0
"""Required numbers; see ``types.Amount``."""

from typing import Any

from valence.common.types import Amount


def least(amount: Amount | None) -> int:
    """The smallest number that meets a requirement; 0 without one."""
    if amount is None or isinstance(amount, int):
        return amount or 0
    exact: Any = amount.get('eq', [])
    low: Any = amount.get('min', 0)
    listed = exact if isinstance(exact, list) else [exact]
    return int(max(low, min(listed, default=0)))
