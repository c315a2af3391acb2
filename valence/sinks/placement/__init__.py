# SPDX-License-Identifier: Apache-2.0
"""Capacity in Placement."""

from valence.sinks.placement.sink import Placement as Placement
