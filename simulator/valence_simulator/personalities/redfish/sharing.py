# SPDX-License-Identifier: Apache-2.0
"""Blocks that can be part of several systems (``--share``)."""

from __future__ import annotations

import argparse

from valence_simulator.personalities.redfish.blocks import Block

#: States in which a block cannot be composed.
BAD = ('Failed', 'Unavailable')


class Sharing:
    """Whether a block is free, and its composition status."""

    def __init__(self, options: argparse.Namespace):
        self._options = options

    def is_capable(self, block: Block) -> bool:
        """Return whether blocks of this type can be shared."""
        return block.type in self._options.share

    def is_shared(self, block: Block) -> bool:
        """Return whether a block can be part of several systems."""
        return self.is_capable(block) and block.sharing

    def is_free(self, block: Block) -> bool:
        """Return whether a block can become part of another system."""
        if block.state in BAD:
            return False
        if self.is_shared(block):
            return self._has_room(block)
        # The block of an existing system may also show Unused.
        return block.state == 'Unused' and not block.systems

    def state_of(self, block: Block) -> str:
        """Return the composition state for the systems of a block."""
        if block.state in BAD:
            return block.state
        if not block.systems:
            return 'Unused'
        if self.is_shared(block) and self._has_room(block):
            return self._options.shared_state
        return 'Composed'

    def status(self, block: Block) -> dict:
        """Return the CompositionStatus of a block."""
        capable, most = self.is_capable(block), self._options.max_compositions
        limit = {'MaxCompositions': most if capable else 1}
        return {
            'CompositionState': block.state,
            'Reserved': block.reserved,
            'SharingCapable': capable,
            'SharingEnabled': self.is_shared(block),
            # Without a limit, the property is omitted.
            **(limit if most or not capable else {}),
            'NumberOfCompositions': len(block.systems),
        }

    def _has_room(self, block: Block) -> bool:
        most = self._options.max_compositions
        return not most or len(block.systems) + block.claims < most
