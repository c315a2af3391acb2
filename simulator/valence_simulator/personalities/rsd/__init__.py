# SPDX-License-Identifier: Apache-2.0
"""An Intel Rack Scale Design pod manager, API 2.1 to 2.5."""

from valence_simulator.personalities.rsd.service import RsdService

__all__ = ['RsdService']
