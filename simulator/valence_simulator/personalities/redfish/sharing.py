# SPDX-License-Identifier: Apache-2.0
"""Blocks that may be part of several systems at once (``--share``)."""

from __future__ import annotations

import argparse

from valence_simulator.personalities.redfish.blocks import Block

#: States in which a block cannot be composed, whatever it is part of.
BAD = ('Failed', 'Unavailable')


class Sharing:
    """Whether a block is free, and how its composition status looks."""

    def __init__(self, options: argparse.Namespace):
        self._options = options

    def is_capable(self, block: Block) -> bool:
        """Whether a block could be shared."""
        return block.type in self._options.share

    def is_shared(self, block: Block) -> bool:
        """Whether a block may be part of several systems."""
        return self.is_capable(block) and block.sharing

    def is_free(self, block: Block) -> bool:
        """Whether a block may become part of one more system."""
        if block.state in BAD:
            return False
        if self.is_shared(block):
            return self._has_room(block)
        # That of a system that is there for good shows Unused as well.
        return block.state == 'Unused' and not block.systems

    def state_of(self, block: Block) -> str:
        """The composition state that follows from what a block is part of."""
        if block.state in BAD:
            return block.state
        if not block.systems:
            return 'Unused'
        if self.is_shared(block) and self._has_room(block):
            return self._options.shared_state
        return 'Composed'

    def status(self, block: Block) -> dict:
        """The CompositionStatus of a block."""
        capable, most = self.is_capable(block), self._options.max_compositions
        limit = {'MaxCompositions': most if capable else 1}
        return {
            'CompositionState': block.state,
            'Reserved': block.reserved,
            'SharingCapable': capable,
            'SharingEnabled': self.is_shared(block),
            # A service that sets no limit says nothing of one.
            **(limit if most or not capable else {}),
            'NumberOfCompositions': len(block.systems),
        }

    def _has_room(self, block: Block) -> bool:
        most = self._options.max_compositions
        return not most or len(block.systems) + block.claims < most
