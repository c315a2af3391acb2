# SPDX-License-Identifier: Apache-2.0
"""The REST interface of the ExpEther Manager, below /eem."""

from __future__ import annotations

import argparse
import base64
import collections
import json
import re
import time
from collections.abc import Callable

from aiohttp import web

from valence_simulator import faults
from valence_simulator import ledger
from valence_simulator import options as command_line
from valence_simulator import values
from valence_simulator.personalities.eem.devices import GROUPS
from valence_simulator.personalities.eem.devices import Device
from valence_simulator.personalities.eem.devices import Devices
from valence_simulator.personalities.eem.errors import EemError
from valence_simulator.personalities.eem.groups import Groups
from valence_simulator.personalities.eem.other_client import OtherClient
from valence_simulator.pod import KINDS
from valence_simulator.pod import Pod
from valence_simulator.protocol import refusals
from valence_simulator.protocol.delays import Delays

VERSION = 'v1.0'


class EemService:
    """An ExpEther Manager and its devices."""

    name = 'eem'
    root = '/eem'

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.pod = Pod(options)
        self.devices = Devices(self.pod)
        self.counts: collections.Counter = collections.Counter()
        self.ledger = ledger.Ledger()
        self.delays = Delays()
        self.groups = Groups(self.devices, self)
        self._other_client = OtherClient(self)
        self._overlays: dict[str, dict] = {}

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Process a request, including errors."""
        try:
            self._note(request)
            self._authenticate(request)
            return self._route(request, await _json_of(request))
        except EemError as error:
            if self.options.errors == 'redfish':
                return web.json_response(error.body(), status=error.status)
            return refusals.plain(
                self.options.errors,
                error.status,
                str(error),
                body=error.body() if 'json' in self.options.errors else None,
            )

    def state(self) -> dict:
        members = self.devices.members.values()
        return {
            'systems': [
                self._state_of(d) for d in members if d.status == 'eesv'
            ],
            'devices': [
                self._state_of(d) for d in members if d.status == 'eeio'
            ],
            'nodes': [
                {
                    'uri': f'/eem/groups/{device.group}',
                    'group_id': device.group,
                    'parts': [
                        device.uri,
                        *(b.uri for b in self.devices.boxes_of(device.group)),
                    ],
                }
                for device in members
                if device.status == 'eesv' and not device.is_free
            ],
            'executed': dict(self.counts),
        }

    def restart(self, forget: bool = False) -> None:
        """Lose nothing, because devices store the groups; or all groups."""
        for device in self.devices.members.values():
            if forget and not device.is_free:
                self.groups.leave(device)

    async def close(self) -> None:
        self.delays.close()

    def finish(self) -> int:
        return self.delays.finish()

    def set_options(self, **options: object) -> None:
        changes = {n: command_line.checked(n, v) for n, v in options.items()}
        for name, value in changes.items():
            setattr(self.options, name, value)

    def compose(self, body: dict) -> str:
        return self._other_client.compose(body)

    def move(self, part: str, to: str | None) -> None:
        self._other_client.move(part, to)

    def reserve(self, body: dict) -> str:
        raise ValueError('nothing can be reserved here')

    def add_systems(self, count: int, kind: str | None) -> list[str]:
        if kind is not None and kind not in KINDS:
            raise KeyError(kind)
        return [
            device.uri
            for _ in range(count)
            for device in self.devices.add(self.pod.add_system(kind))
        ]

    def change(self, uri: str, properties: dict) -> None:
        device = self._device(uri.rsplit('/', 1)[1])
        overlay = self._overlays.setdefault(device.id, {})
        overlay.update(properties)
        self.devices.touch(device)

    def remove(self, uri: str) -> None:
        device = self.devices.members[uri.rsplit('/', 1)[1]]
        self.groups.leave(device)
        del self.devices.members[device.id]

    def emit_events(self, events: list[dict], repeat: int, **how) -> int:
        """The manager has no events; update times show changes."""
        return 0

    def write_streams(self, text: str | None) -> int:
        """The manager has no streams."""
        return 0

    def deliver(self, text: str, parallel: int) -> int:
        return 0

    # Requests

    def _note(self, request: web.BaseRequest) -> None:
        """Record in the ledger which device a request is for."""
        entry = ledger.current()
        found = re.match('/eem/devices/(0x[0-9a-f]+)', request.path)
        if entry is not None and found is not None:
            entry.resource = found[0]
            entry.composition = self.ledger.at(found[0])

    def _authenticate(self, request: web.BaseRequest) -> None:
        options = self.options
        if request.get(faults.EXPIRE_SESSION):
            raise EemError(401, 'unauthorized', 'The login is wrong.')
        if options.username is None:
            return
        login = f'{options.username}:{options.password}'.encode()
        expected = 'Basic ' + base64.b64encode(login).decode()
        if request.headers.get('Authorization') != expected:
            raise EemError(401, 'unauthorized', 'The login is wrong.')
        entry = ledger.current()
        if entry is not None:
            entry.user = options.username

    def _route(self, request: web.BaseRequest, body: dict) -> web.Response:
        path = request.path.rstrip('/')
        known = False
        for method, pattern, handler in self.ROUTES:
            match = re.fullmatch(pattern, path)
            if match is None:
                continue
            known = True
            if method == request.method:
                answer = handler(self, request, body, *match.groups())
                self._other_client.intrude(request, answer)
                if answer is None:
                    return web.Response(status=204)
                return web.json_response(answer)
        if known:
            raise EemError(405, 'method_not_allowed', request.method)
        raise EemError(404, 'not_found', f'There is no {path}.')

    def _version(self, request, body) -> dict:
        return {'version_number': VERSION}

    def _list(self, request, body) -> dict:
        return {
            'devices': [{'id': d.id} for d in self._filtered(request.query)],
            'timestamp': _now(),
        }

    def _list_detail(self, request, body) -> dict:
        return {
            'devices': [
                self._render(d) for d in self._filtered(request.query)
            ],
            'timestamp': _now(),
        }

    def _show(self, request, body, device_id: str) -> dict:
        return {
            'device': self._render(self._device(device_id)),
            'timestamp': _now(),
        }

    def _forget(self, request, body, device_id: str) -> None:
        device = self._device(device_id)
        if request.query.get('force') != 'enabled' and _is_up(
            self._render(device)
        ):
            raise EemError(409, 'device_up', 'The device is up.')
        self.remove(device.uri)

    def _join(self, request, body, device_id: str) -> dict:
        if self.options.refuse_compose is not None:
            raise EemError(
                self.options.refuse_compose, 'refused', 'It is not done.'
            )
        self.counts['PUT group_id'] += 1
        device = self._device(device_id)
        self._check_usable(device, body.get('update_time'))
        group = body.get('group_id')
        if group is None:
            group = self.devices.free_group()
        group = str(group)
        if not group.isdecimal() or int(group) not in GROUPS:
            raise EemError(
                400, 'invalid_group_id', 'group_id must be 16 to 4092.'
            )
        if faults.IGNORE not in request:
            self.groups.join(device, group)
        return {'group_id': group, 'update_time': str(device.update_time)}

    def _leave_group(self, request, body, device_id: str) -> dict:
        self.counts['DELETE group_id'] += 1
        device = self._device(device_id)
        self._check_usable(device, request.query.get('update_time'))
        if faults.IGNORE not in request:
            self.groups.leave(device)
        return {'update_time': str(device.update_time)}

    def _audit(self, request, body, device_id: str) -> dict:
        device = self._device(device_id)
        self.devices.touch(device)
        return {'update_time': str(device.update_time)}

    def _poke(self, request, body, device_id: str) -> None:
        self._device(device_id)

    def _show_led(self, request, body, device_id: str) -> dict:
        return {'uid_led_status': self._device(device_id).led}

    def _set_led(self, request, body, device_id: str) -> dict:
        device = self._device(device_id)
        if body.get('uid_led_status') not in ('on', 'off'):
            raise EemError(400, 'invalid_parameter', 'uid_led_status')
        device.led = body['uid_led_status']
        self.devices.touch(device)
        return {'uid_led_status': device.led}

    def _clear_port(self, request, body, device_id: str, port: str) -> None:
        device = self._device(device_id)
        if port not in device.ports:
            raise EemError(404, 'not_found', f'There is no port {port}.')
        if device.ports[port][1]:
            raise EemError(409, 'port_up', 'The port is up.')
        del device.ports[port]
        self.devices.touch(device)

    def _groups(self, request, body) -> dict:
        groups = {d.group for d in self.devices.members.values()}
        return {'groups': [{'id': group} for group in sorted(groups)]}

    def _dump(self, request, body) -> None:
        """The manager writes statistics to a file."""

    def _check_usable(self, device: Device, update_time: object) -> None:
        """:raises EemError: if the device is down, or has changed since."""
        if update_time not in (None, str(device.update_time)):
            raise EemError(
                409, 'update_time_mismatch', 'The device has changed since.'
            )
        if not _is_up(self._render(device)):
            raise EemError(409, 'device_down', 'The device is not up.')

    def _device(self, device_id: str) -> Device:
        device = self.devices.members.get(device_id)
        if device is None:
            raise EemError(404, 'not_found', f'There is no {device_id}.')
        return device

    def _render(self, device: Device) -> dict:
        address = values.mac(device.mac, self.options.macs, True, True)
        return {
            **device.render(),
            'mac_address': address,
            **self._overlays.get(device.id, {}),
        }

    def _filtered(self, query) -> list[Device]:
        status, group = query.get('status'), query.get('group_id')
        since = query.get('update_time', '0')
        if status not in (None, 'eesv', 'eeio'):
            raise EemError(400, 'invalid_parameter', 'status')
        if not since.isdecimal():
            raise EemError(400, 'invalid_parameter', 'update_time')
        return [
            device
            for device in self.devices.members.values()
            if status in (None, device.status)
            and group in (None, device.shown_group)
            and device.update_time > int(since)
        ]

    @staticmethod
    def _state_of(device: Device) -> dict:
        return {
            'uri': device.uri,
            'mac': device.mac,
            'group_id': device.group,
            'connected': device.connected,
            'node': None if device.is_free else device.group,
        }

    ROUTES: list[tuple[str, str, Callable]] = [
        ('GET', '/eem/api_version', _version),
        ('GET', '/eem/devices', _list),
        ('GET', '/eem/devices/detail', _list_detail),
        ('GET', '/eem/devices/(0x[0-9a-f]+)', _show),
        ('DELETE', '/eem/devices/(0x[0-9a-f]+)', _forget),
        ('PUT', '/eem/devices/(0x[0-9a-f]+)/group_id', _join),
        ('DELETE', '/eem/devices/(0x[0-9a-f]+)/group_id', _leave_group),
        ('PUT', '/eem/devices/(0x[0-9a-f]+)/audit', _audit),
        ('PUT', '/eem/devices/(0x[0-9a-f]+)/perst', _poke),
        ('PUT', '/eem/devices/(0x[0-9a-f]+)/send_reset_frame', _poke),
        ('GET', '/eem/devices/(0x[0-9a-f]+)/uid_led_status', _show_led),
        ('PUT', '/eem/devices/(0x[0-9a-f]+)/uid_led_status', _set_led),
        (
            'DELETE',
            r'/eem/devices/(0x[0-9a-f]+)/ports/(\d+)/eeio_mac_address',
            _clear_port,
        ),
        ('GET', '/eem/groups', _groups),
        ('PUT', '/eem/dump_statistics', _dump),
    ]


def _is_up(shown: dict) -> bool:
    notified = [
        *shown['notification_status0'],
        *shown['notification_status1'],
    ]
    return (
        shown['admin_status'] == 'enabled'
        and shown['monitoring_status'] == 'enabled'
        and 'up' in notified
    )


def _now() -> str:
    return str(int(time.time() * 1000))


async def _json_of(request: web.BaseRequest) -> dict:
    text = await request.text()
    try:
        body = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise EemError(400, 'invalid_json', str(error)) from error
    if not isinstance(body, dict):
        raise EemError(400, 'invalid_json', 'The body must be an object.')
    return body
