# SPDX-License-Identifier: Apache-2.0
"""Types that have no better home."""

from typing import Any
from typing import TypeAlias

#: A JSON object of a caller or a vendor: nobody has checked what is in it.
JsonObject: TypeAlias = dict[str, Any]
