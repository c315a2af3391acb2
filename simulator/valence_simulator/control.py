# SPDX-License-Identifier: Apache-2.0
"""The control endpoint, /_simulator: what a test wants and real pods lack.

It needs no login, no fault strikes it and it is not counted.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from valence_simulator.server import Server

PREFIX = '/_simulator'


class BadRequest(Exception):
    """The control request makes no sense; answered with 400."""


class Control:
    """Dispatches control requests by the first part of their path."""

    def __init__(self, server: Server):
        self._server = server
        self._tasks: set[asyncio.Task] = set()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        parts = request.path.removeprefix(PREFIX).strip('/').split('/', 1)
        route = self.ROUTES.get((request.method, parts[0]))
        if route is None:
            known = sorted({f'{m} {PREFIX}/{p}' for m, p in self.ROUTES})
            return web.json_response({'error': known}, status=404)
        rest = parts[1] if len(parts) > 1 else ''
        try:
            return route(self, rest, await _json_of(request))
        except (BadRequest, TypeError, ValueError, re.error) as error:
            return web.json_response({'error': str(error)}, status=400)
        except KeyError as error:
            return web.json_response(
                {'error': f'not found: {error.args[0]}'}, status=404
            )

    def _state(self, rest: str, body: object) -> web.Response:
        return web.json_response(self._server.state())

    def _list_requests(self, rest: str, body: object) -> web.Response:
        return web.json_response(
            [
                {'method': method, 'path': path, 'count': count}
                for (method, path), count in self._server.counts.items()
            ]
        )

    def _forget_requests(self, rest: str, body: object) -> web.Response:
        self._server.forget_requests()
        return web.Response(status=204)

    def _list_faults(self, rest: str, body: object) -> web.Response:
        return web.json_response(self._server.faults.list())

    def _add_faults(self, rest: str, body: object) -> web.Response:
        wanted = body if isinstance(body, list) else [body]
        added = [self._server.faults.add(**fault) for fault in wanted]
        return web.json_response({'ids': [f.id for f in added]}, status=201)

    def _remove_faults(self, rest: str, body: object) -> web.Response:
        if not self._server.faults.remove(rest or None):
            raise KeyError(rest)
        return web.Response(status=204)

    def _set_options(self, rest: str, body: object) -> web.Response:
        """Change while running what was given on the command line."""
        options = dict(_object(body))
        if 'latency_ms' in options:
            self._server.latency = float(options.pop('latency_ms')) / 1000
        self._server.personality.set_options(**options)
        return web.Response(status=204)

    def _add_systems(self, rest: str, body: object) -> web.Response:
        body = _object(body)
        added = self._server.personality.add_systems(
            int(body.get('count', 1)), body.get('kind')
        )
        return web.json_response({'added': added}, status=201)

    def _change_resource(self, rest: str, body: object) -> web.Response:
        self._server.personality.change('/' + rest, _object(body))
        return web.Response(status=204)

    def _remove_resource(self, rest: str, body: object) -> web.Response:
        self._server.personality.remove('/' + rest)
        return web.Response(status=204)

    def _restart(self, rest: str, body: object) -> web.Response:
        seconds = float(_object(body).get('down_seconds', 0))
        task = asyncio.ensure_future(self._server.restart(seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.Response(status=204)

    def _emit_events(self, rest: str, body: object) -> web.Response:
        body = _object(body)
        emitted = self._server.personality.emit_events(
            body.get('events', [body]), int(body.get('repeat', 1))
        )
        return web.json_response({'emitted': emitted}, status=202)

    ROUTES = {
        ('GET', 'state'): _state,
        ('GET', 'requests'): _list_requests,
        ('DELETE', 'requests'): _forget_requests,
        ('GET', 'faults'): _list_faults,
        ('POST', 'faults'): _add_faults,
        ('DELETE', 'faults'): _remove_faults,
        ('PATCH', 'options'): _set_options,
        ('POST', 'systems'): _add_systems,
        ('PATCH', 'resources'): _change_resource,
        ('DELETE', 'resources'): _remove_resource,
        ('POST', 'restart'): _restart,
        ('POST', 'events'): _emit_events,
    }


async def _json_of(request: web.BaseRequest) -> object:
    text = await request.text()
    try:
        return json.loads(text) if text else {}
    except ValueError as error:
        raise BadRequest(f'the body is not JSON: {error}') from error


def _object(body: object) -> dict:
    if not isinstance(body, dict):
        raise BadRequest('the body must be a JSON object')
    return body
