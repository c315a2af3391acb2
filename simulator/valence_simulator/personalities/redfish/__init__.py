# SPDX-License-Identifier: Apache-2.0
"""A DMTF composition service: blocks, zones and composed systems."""

from valence_simulator.personalities.redfish.service import CompositionService

__all__ = ['CompositionService']
