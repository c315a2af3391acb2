# SPDX-License-Identifier: Apache-2.0
"""NEC's ExpEther Manager: servers and I/O boxes on one Ethernet."""

from valence_simulator.personalities.eem.service import EemService

__all__ = ['EemService']
