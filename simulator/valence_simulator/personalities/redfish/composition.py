# SPDX-License-Identifier: Apache-2.0
"""The rules of composition: which blocks can form a system."""

from __future__ import annotations

import argparse
import dataclasses

from valence_simulator.personalities.redfish import capabilities
from valence_simulator.personalities.redfish import constrained
from valence_simulator.personalities.redfish import required
from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.blocks import BlockPod
from valence_simulator.personalities.redfish.sharing import Sharing
from valence_simulator.protocol import errors
from valence_simulator.protocol.boot import Boots

TEXTS = ('Name', 'Description', 'HostName', 'AssetTag')
ASKED = (*constrained.KINDS, constrained.AFFINITY)


@dataclasses.dataclass
class Plan:
    """A valid composition: the request and its blocks."""

    body: dict
    blocks: list[Block]
    #: Whether the blocks are claimed.
    claimed: bool = False


class Planner:
    """Converts requests to plans, or to errors of the registry.

    :param sharing: knows which blocks are free.
    """

    def __init__(
        self,
        pod: BlockPod,
        sharing: Sharing,
        boots: Boots,
        options: argparse.Namespace,
    ):
        self._pod = pod
        self._boots = boots
        self._sharing = sharing
        self._options = options

    def plan(
        self,
        body: dict,
        reservation: str | None = None,
        planned: list[Block] | None = None,
        named: bool = True,
    ) -> Plan:
        """Return the blocks for a request.

        :param reservation: the ID of the reservation of the request.
        :param planned: blocks that other parts of the request use.
        :param named: whether a Name is required.
        :raises RedfishError: 400 if the request is invalid; 409 if the blocks
            are not available.
        """
        properties = required.parse(self._options.required_on_create)
        also = [path[0] for path, _ in properties]
        _check(body, named, also, self._boots)
        required.check(body, properties)
        planned = planned or []
        is_specific = 'ResourceBlocks' in body.get('Links', {})
        is_constrained = any(name in body for name in constrained.KINDS)
        if is_specific == is_constrained:
            raise errors.bad_request(
                'Either Links/ResourceBlocks or the resources must be given.'
            )
        if is_specific:
            # A stanza always lists its blocks, whatever Systems accepts.
            if named:
                self._require('specific')
            blocks = self.specified(body['Links']['ResourceBlocks'])
            self.check(blocks, reservation, planned)
        else:
            self._require('constrained')
            blocks = self._choose(body, reservation, planned)
        return Plan(body, blocks)

    def specified(self, given: object) -> list[Block]:
        """Return the blocks in a list of links.

        :raises RedfishError: 400.
        """
        if not isinstance(given, list):
            raise errors.property_type('Links/ResourceBlocks', given)
        return [self.block_at(entry) for entry in given]

    def block_at(self, entry: object) -> Block:
        """Return the block of a link.

        :raises RedfishError: 400 if it is not a link to a block.
        """
        uri = entry.get('@odata.id') if isinstance(entry, dict) else None
        if not isinstance(uri, str):
            raise errors.property_type('Links/ResourceBlocks', entry)
        block = self._pod.find(uri)
        if block is None:
            raise composition_error(400, 'ResourceBlockNotFound', uri)
        return block

    def check(
        self,
        blocks: list[Block],
        reservation: str | None = None,
        planned: list[Block] | None = None,
        kept: list[Block] | None = None,
    ) -> None:
        """Check whether free blocks, with kept ones, can form a system.

        :raises RedfishError: 400 or 409, from the Composition registry.
        """
        for block in blocks:
            self._check_block(block, reservation, planned or [])
        together = [*(kept or []), *blocks]
        if len({block.id for block in together}) < len(together):
            raise errors.bad_request('A block is named twice.')
        zones = set(self._pod.zones)
        for block in together:
            zones &= set(block.zones)
        if self._pod.zones and not zones:
            raise composition_error(400, 'IncompatibleZone')
        check_limits(together)

    def _check_block(
        self, block: Block, reservation: str | None, planned: list[Block]
    ) -> None:
        if block.health != 'OK' or block.state in ('Failed', 'Unavailable'):
            raise composition_error(400, 'ResourceBlockInvalid', block.uri)
        if not self._sharing.is_free(block) or self._is_planned(
            block, planned
        ):
            raise composition_error(409, 'ResourceBlockInUse', block.uri)
        if block.reservation not in (None, reservation):
            raise composition_error(
                409,
                'SpecifiedResourceAlreadyReserved',
                block.uri,
                block.reservation,
            )

    def _is_planned(self, block: Block, planned: list[Block]) -> bool:
        return block in planned and not self._sharing.is_shared(block)

    def _choose(
        self, body: dict, reservation: str | None, planned: list[Block]
    ) -> list[Block]:
        needs = constrained.parse(body)
        # Without zones, all blocks are in one.
        zones = self._pod.zones or {'': list(self._pod.blocks.values())}
        affinity = body.get(constrained.AFFINITY)
        if affinity is not None:
            check_text(constrained.AFFINITY, affinity)
            if affinity not in zones:
                raise errors.property_value(constrained.AFFINITY, affinity)
            zones = {affinity: zones[affinity]}

        def is_unused(block: Block) -> bool:
            return (
                self._sharing.is_free(block)
                and block.health == 'OK'
                and not self._is_planned(block, planned)
            )

        def is_free(block: Block) -> bool:
            return is_unused(block) and block.reservation in (
                None,
                reservation,
            )

        try:
            return constrained.choose(needs, zones.values(), is_free)
        except errors.RedfishError:
            chosen = constrained.choose(needs, zones.values(), is_unused)
            holder = next(b.reservation for b in chosen if not is_free(b))
            raise composition_error(
                409, 'ConstrainedResourceAlreadyReserved', holder
            ) from None

    def _require(self, way: str) -> None:
        if way not in self._options.compose_by:
            raise errors.bad_request(f'There is no {way} composition here.')


def check_limits(blocks: list[Block]) -> None:
    """:raises RedfishError: 400 if the number of blocks is invalid."""
    for kind, (least, most) in capabilities.LIMITS.items():
        count = sum(block.type == kind for block in blocks)
        if not least <= count <= most:
            raise errors.bad_request(
                f'A system has {least} to {most} {kind} blocks, not {count}.',
                '/Links/ResourceBlocks',
            )


def check_text(name: str, value: object) -> None:
    """:raises RedfishError: 400 if it is not a string."""
    if not isinstance(value, str):
        raise errors.property_type(name, value)


def _check(body: dict, named: bool, also: list[str], boots: Boots) -> None:
    if named and 'Name' not in body:
        raise errors.property_missing('Name')
    for name, value in body.items():
        if name in TEXTS:
            check_text(name, value)
        elif name == 'Boot':
            boots.check(value)
        elif name == 'Links':
            if not isinstance(value, dict):
                raise errors.property_type(name, value)
        elif name not in (*ASKED, *also) and not name.startswith('@odata.'):
            raise errors.property_unknown(name)


#: The messages of the Composition registry.
TEXT = {
    'ResourceBlockInUse': 'Block {} cannot be part of a new composition.',
    'ResourceBlockInvalid': 'Block {} is not valid.',
    'ResourceBlockNotFound': 'Block {} was not found.',
    'IncompatibleZone': 'The blocks are not all in one zone.',
    'EmptyManifest': 'The manifest, or a stanza of it, contains no request.',
    'UnableToProcessStanzaRequest': (
        'The manifest has a {} stanza, {}, that cannot be processed.'
    ),
    'SpecifiedResourceAlreadyReserved': (
        'Block {} is reserved under reservation {}.'
    ),
    'ConstrainedResourceAlreadyReserved': (
        'The requested resources are reserved under reservation {}.'
    ),
}


def composition_error(
    status: int, key: str, *args: object
) -> errors.RedfishError:
    """Return an error of the Composition registry."""
    return errors.RedfishError(
        status, f'Composition.1.1.{key}', TEXT[key].format(*args), args
    )
