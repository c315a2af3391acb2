# SPDX-License-Identifier: Apache-2.0
"""The Compose action: preview, reserve and apply manifests.

A manifest is applied as a whole or not at all. A reservation holds its blocks
until it is applied, deleted, or expires.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime

from aiohttp import web

from valence_simulator.personalities.redfish import uris
from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.composition import Plan
from valence_simulator.personalities.redfish.composition import (
    composition_error,
)
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.ids import Ids
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

REQUEST_TYPES = ('Preview', 'PreviewReserve', 'Apply')
EXPAND = ('None', 'All', 'Relevant')
PROPERTIES = ('RequestFormat', 'RequestType', 'Manifest', 'ReservationId')


@dataclasses.dataclass
class Reservation:
    """Blocks that are reserved for the manifest of a client."""

    id: str
    time: str
    client: str | None
    manifest: dict
    blocks: list[Block]
    timer: asyncio.TimerHandle | None = None

    @property
    def uri(self) -> str:
        return f'{uris.RESERVATIONS}/{self.id}'


@dataclasses.dataclass
class Step:
    """A stanza and its result."""

    stanza: dict
    plan: Plan | None = None
    system: object | None = None


class Manifests:
    """The Compose action and its reservations."""

    def __init__(self, service):
        self._service = service
        self._tree = service.tree
        self.reservations: dict[str, Reservation] = {}
        self._ids = Ids(service.options, self.reservations)
        self._tree.add(uris.COMPOSE, post=self._compose)
        self._tree.add(uris.COMPOSE_INFO, self._render_info)
        self._tree.add_collection(
            uris.RESERVATIONS,
            'CompositionReservationCollection',
            'Composition Reservations',
            lambda: [r.uri for r in self.reservations.values()],
        )

    @property
    def request_types(self) -> list[str]:
        if self._service.options.preview:
            return list(REQUEST_TYPES)
        return ['Apply']

    async def _compose(self, call: Call) -> web.Response:
        self._service.refuse()
        self._service.counts['ComposeAction'] += 1
        body = call.body
        if self._service.options.careless:
            return self._compose_carelessly(call, body)
        reservation = self._check(body)
        manifest = body.get('Manifest')
        if manifest is None:
            manifest = reservation.manifest
        steps = self._plan(manifest, reservation)
        if body['RequestType'] != 'Apply':
            return self._preview(body, manifest, steps, call.username)
        return await self._apply(call, manifest, steps, reservation)

    def _compose_carelessly(self, call: Call, body: dict) -> web.Response:
        """Behave like ODIM.

        A Preview composes, and a failed stanza does not undo previous ones.
        """
        manifest, responses = body.get('Manifest'), []
        for stanza in _stanzas_of(manifest):
            step = self._plan_stanza(stanza, None, [])
            if step.plan is not None:
                self._service.systems.claim(step.plan)
            responses.append(self._do(call, step, False))
        answer = {**body, 'Manifest': self._answered(manifest, responses)}
        return web.json_response(answer, headers=answers.COMMON)

    def _check(self, body: dict) -> Reservation | None:
        """:raises RedfishError: 400 if the body is invalid."""
        for name in body:
            if name not in PROPERTIES:
                raise errors.property_unknown(name)
        for name, values in (
            ('RequestFormat', ['Manifest']),
            ('RequestType', self.request_types),
        ):
            if name not in body:
                raise errors.property_missing(name)
            if body[name] not in values:
                raise errors.property_value(name, body[name])
        reservation = None
        held = body.get('ReservationId')
        if held is not None:
            if not isinstance(held, str):
                raise errors.property_type('ReservationId', held)
            reservation = self.reservations.get(held)
            if reservation is None:
                raise errors.property_value('ReservationId', held)
        if reservation is None and 'Manifest' not in body:
            raise errors.property_missing('Manifest')
        return reservation

    def _plan(
        self, manifest: object, reservation: Reservation | None
    ) -> list[Step]:
        """Return the plans of the stanzas; each considers the previous ones.

        :raises RedfishError: if a stanza is not possible; then none is
            applied.
        """
        steps, planned = [], []
        for stanza in _stanzas_of(manifest):
            step = self._plan_stanza(stanza, reservation, planned)
            planned += step.plan.blocks if step.plan else []
            steps.append(step)
        return steps

    def _plan_stanza(
        self,
        stanza: dict,
        reservation: Reservation | None,
        planned: list[Block],
    ) -> Step:
        kind, request = stanza.get('StanzaType'), stanza['Request']
        unable = composition_error(
            400,
            'UnableToProcessStanzaRequest',
            kind,
            stanza.get('StanzaId', ''),
        )
        if not isinstance(request, dict):
            raise unable
        if kind == 'ComposeSystem':
            plan = self._service.planner.plan(
                request,
                reservation.id if reservation else None,
                planned,
                named=False,
            )
            return Step(stanza, plan=plan)
        if kind == 'DecomposeSystem':
            named = request.get('Links', {}).get('ComputerSystems', [])
            if len(named) == 1 and isinstance(named[0], dict):
                uri = named[0].get('@odata.id', '')
                system = self._service.systems.find(uri)
                if system is not None and not system.expandable:
                    return Step(stanza, system=system)
        raise unable

    def _preview(
        self, body: dict, manifest: dict, steps: list[Step], user: str | None
    ) -> web.Response:
        answer = {
            'RequestFormat': 'Manifest',
            'RequestType': body['RequestType'],
        }
        if body['RequestType'] == 'PreviewReserve':
            blocks = [b for s in steps if s.plan for b in s.plan.blocks]
            reservation = self.reserve(manifest, blocks, user)
            answer['ReservationId'] = reservation.id
        answer['Manifest'] = self._answered(
            manifest, [self._foreseen(step) for step in steps]
        )
        return web.json_response(answer, headers=answers.COMMON)

    @staticmethod
    def _foreseen(step: Step) -> dict:
        if step.plan is None:
            return link(step.system.uri)
        blocks = links(block.uri for block in step.plan.blocks)
        return {'Links': {'ResourceBlocks': blocks}}

    @staticmethod
    def _answered(manifest: dict, responses: list[dict]) -> dict:
        stanzas = [
            {**stanza, 'Response': response}
            for stanza, response in zip(
                manifest['Stanzas'], responses, strict=True
            )
        ]
        return {**manifest, 'Stanzas': stanzas}

    async def _apply(
        self,
        call: Call,
        manifest: dict,
        steps: list[Step],
        reservation: Reservation | None,
    ) -> web.Response:
        plans = [step.plan for step in steps if step.plan is not None]
        for plan in plans:
            self._service.systems.claim(plan)

        def work() -> web.Response:
            if reservation is not None:
                self.drop(reservation)
            expand = manifest.get('Expand', 'None') != 'None'
            responses = [self._do(call, step, expand) for step in steps]
            answer = {
                'RequestFormat': 'Manifest',
                'RequestType': 'Apply',
                'Manifest': self._answered(manifest, responses),
            }
            return web.json_response(answer, headers=answers.COMMON)

        def undo() -> None:
            for plan in plans:
                self._service.systems.release(plan)

        return await self._service.tasks.run(
            call,
            'compose',
            'Compose by a manifest',
            work,
            self._service.options.compose_seconds,
            undo,
            lambda: web.json_response(
                {**call.body, 'Manifest': manifest}, headers=answers.COMMON
            ),
        )

    def _do(self, call: Call, step: Step, expand: bool) -> dict:
        systems = self._service.systems
        if step.plan is None:
            uri = step.system.uri
            if step.system.id in systems.members:
                systems.decompose(step.system)
            return link(uri)
        system = systems.build(step.plan)
        named = call.instead or system.uri
        return self._tree[named].document if expand else link(named)

    # Reservations

    def reserve(
        self, manifest: dict, blocks: list[Block], client: str | None
    ) -> Reservation:
        """Reserve blocks for a client until the reservation expires."""
        reservation = Reservation(
            self._ids.next(),
            datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds'),
            client,
            manifest,
            blocks,
        )
        self.reservations[reservation.id] = reservation
        for block in reservation.blocks:
            block.reservation, block.reserved = reservation.id, True
            self._service.block_changed(block)
        reservation.timer = asyncio.get_running_loop().call_later(
            self._service.options.reservation_seconds, self.drop, reservation
        )

        async def delete(call: Call) -> web.Response:
            self.drop(reservation)
            return answers.no_content()

        self._tree.add(
            reservation.uri, lambda: _render(reservation), delete=delete
        )
        self._tree.changed(uris.RESERVATIONS)
        return reservation

    def drop(self, reservation: Reservation) -> None:
        """Delete a reservation and free its blocks."""
        if self.reservations.pop(reservation.id, None) is None:
            return
        reservation.timer.cancel()
        for block in reservation.blocks:
            if block.reservation == reservation.id:
                block.reservation, block.reserved = None, False
                block.client = None
                self._service.block_changed(block)
                self._service.systems.settle(block)
        self._tree.remove(reservation.uri)
        self._tree.changed(uris.RESERVATIONS)

    def _render_info(self) -> dict:
        def parameter(name: str, required: bool, kind: str, **more) -> dict:
            return {
                'Name': name,
                'Required': required,
                'DataType': kind,
                **more,
            }

        return document(
            uris.COMPOSE_INFO,
            'ActionInfo.v1_1_0.ActionInfo',
            'Compose Action Info',
            Description='What Compose takes',
            Parameters=[
                parameter(
                    'RequestFormat',
                    True,
                    'String',
                    AllowableValues=['Manifest'],
                ),
                parameter(
                    'RequestType',
                    True,
                    'String',
                    AllowableValues=self.request_types,
                ),
                parameter(
                    'Manifest',
                    False,
                    'Object',
                    ObjectDataType='#Manifest.v1_0_0.Manifest',
                ),
                parameter('ReservationId', False, 'String'),
            ],
        )


def _stanzas_of(manifest: object) -> list[dict]:
    """:raises RedfishError: 400 if it is not a manifest, or has no stanzas."""
    if not isinstance(manifest, dict):
        raise errors.property_type('Manifest', manifest)
    if manifest.get('Expand', 'None') not in EXPAND:
        raise errors.property_value('Manifest/Expand', manifest['Expand'])
    stanzas = manifest.get('Stanzas')
    if not isinstance(stanzas, list) or not stanzas:
        raise composition_error(400, 'EmptyManifest')
    for stanza in stanzas:
        if not isinstance(stanza, dict) or not stanza.get('Request'):
            raise composition_error(400, 'EmptyManifest')
    return stanzas


def _render(reservation: Reservation) -> dict:
    return document(
        reservation.uri,
        'CompositionReservation.v1_0_0.CompositionReservation',
        f'Reservation {reservation.id}',
        Description='Blocks held for a client',
        ReservationTime=reservation.time,
        Client=reservation.client,
        ReservedResourceBlocks=links(b.uri for b in reservation.blocks),
        Manifest=reservation.manifest,
    )
