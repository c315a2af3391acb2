# SPDX-License-Identifier: Apache-2.0
"""The control endpoint, /_simulator, for tests and demonstrations.

It requires no login. Faults do not apply to it, and its requests are not
counted.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Coroutine
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from valence_simulator.personalities import Personality
    from valence_simulator.server import Server

PREFIX = '/_simulator'


class BadRequest(Exception):
    """The control request is invalid; the response is 400."""


@dataclasses.dataclass
class Order:
    """A control request.

    :param rest: its path after the first part, without a slash.
    """

    rest: str
    body: object
    query: Mapping[str, str]

    @property
    def properties(self) -> dict:
        """Return the body, which must be an object."""
        if not isinstance(self.body, dict):
            raise BadRequest('the body must be a JSON object')
        return self.body


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
            order = Order(rest, await _json_of(request), request.query)
            return route(self, order)
        except (BadRequest, TypeError, ValueError, re.error) as error:
            return web.json_response({'error': str(error)}, status=400)
        except KeyError as error:
            return web.json_response(
                {'error': f'not found: {error.args[0]}'}, status=404
            )

    @property
    def _personality(self) -> Personality:
        return self._server.personality

    def _state(self, order: Order) -> web.Response:
        return web.json_response(self._server.state())

    def _list_requests(self, order: Order) -> web.Response:
        """Return the numbers of requests; with a query, changing requests."""
        if order.query:
            ledger = self._personality.ledger
            return web.json_response(ledger.find_requests(order.query))
        return web.json_response(
            [
                {'method': method, 'path': path, 'count': count}
                for (method, path), count in self._server.counts.items()
            ]
        )

    def _forget_requests(self, order: Order) -> web.Response:
        self._server.forget_requests()
        return web.Response(status=204)

    def _list_compositions(self, order: Order) -> web.Response:
        ledger = self._personality.ledger
        return web.json_response(ledger.find_compositions(order.query))

    def _list_faults(self, order: Order) -> web.Response:
        return web.json_response(self._server.faults.list())

    def _add_faults(self, order: Order) -> web.Response:
        body = order.body
        requested = body if isinstance(body, list) else [body]
        added = [self._server.faults.add(**fault) for fault in requested]
        return web.json_response({'ids': [f.id for f in added]}, status=201)

    def _remove_faults(self, order: Order) -> web.Response:
        if not self._server.faults.remove(order.rest or None):
            raise KeyError(order.rest)
        return web.Response(status=204)

    def _set_options(self, order: Order) -> web.Response:
        """Change command line options at runtime."""
        self._personality.set_options(**order.properties)
        self._server.latency = self._personality.options.latency_ms / 1000
        return web.Response(status=204)

    def _add_systems(self, order: Order) -> web.Response:
        body = order.properties
        added = self._personality.add_systems(
            int(body.get('count', 1)), body.get('kind')
        )
        return web.json_response({'added': added}, status=201)

    def _change_resource(self, order: Order) -> web.Response:
        self._personality.change('/' + order.rest, order.properties)
        return web.Response(status=204)

    def _remove_resource(self, order: Order) -> web.Response:
        self._personality.remove('/' + order.rest)
        return web.Response(status=204)

    def _compose(self, order: Order) -> web.Response:
        """Compose like another client."""
        uri = self._personality.compose(order.properties)
        return web.json_response({'uri': uri}, status=201)

    def _move(self, order: Order) -> web.Response:
        """Move a part from its owner to another one."""
        body = order.properties
        self._personality.move(str(body.get('part')), body.get('to'))
        return web.Response(status=204)

    def _reserve(self, order: Order) -> web.Response:
        """Reserve parts like another client."""
        uri = self._personality.reserve(order.properties)
        return web.json_response({'uri': uri}, status=201)

    def _restart(self, order: Order) -> web.Response:
        body = order.properties
        seconds = float(body.get('down_seconds', 0))
        self._personality.restart(bool(body.get('forget', False)))
        self._soon(self._server.interrupt(seconds))
        return web.Response(status=204)

    def _replace(self, order: Order) -> web.Response:
        """Replace the service by another one at the same URL."""
        options = dict(order.properties)
        seconds = float(options.pop('down_seconds', 0))
        for name in options:
            if name not in ('seed', 'systems', 'service_uuid'):
                raise BadRequest(f'no such option: {name}')
        before = self._server.replace(**options)
        self._soon(before.close())
        self._soon(self._server.interrupt(seconds))
        return web.Response(status=204)

    def _finish(self, order: Order) -> web.Response:
        """Complete all delayed work now."""
        return web.json_response({'finished': self._personality.finish()})

    def _emit_events(self, order: Order) -> web.Response:
        body = dict(order.properties)
        how = {
            'together': bool(body.pop('together', False)),
            'parallel': int(body.pop('parallel', 0)),
        }
        repeat = int(body.pop('repeat', 1))
        emitted = self._personality.emit_events(
            body.get('events', [body]), repeat, **how
        )
        return web.json_response({'emitted': emitted}, status=202)

    def _write_streams(self, order: Order) -> web.Response:
        """Write any text to all streams."""
        body = order.properties
        text = str(body.get('text', '')) * int(body.get('repeat', 1))
        written = self._personality.write_streams(text)
        return web.json_response({'streams': written}, status=202)

    def _end_streams(self, order: Order) -> web.Response:
        return web.json_response(
            {'streams': self._personality.write_streams(None)}
        )

    def _deliver(self, order: Order) -> web.Response:
        """POST any text to all subscribers."""
        body = order.properties
        delivered = self._personality.deliver(
            str(body.get('text', '')), int(body.get('parallel', 1))
        )
        return web.json_response({'subscriptions': delivered}, status=202)

    def _soon(self, work: Coroutine) -> None:
        """Run work that may close the connection in the background."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    ROUTES = {
        ('GET', 'state'): _state,
        ('GET', 'requests'): _list_requests,
        ('DELETE', 'requests'): _forget_requests,
        ('GET', 'compositions'): _list_compositions,
        ('GET', 'faults'): _list_faults,
        ('POST', 'faults'): _add_faults,
        ('DELETE', 'faults'): _remove_faults,
        ('PATCH', 'options'): _set_options,
        ('POST', 'systems'): _add_systems,
        ('PATCH', 'resources'): _change_resource,
        ('DELETE', 'resources'): _remove_resource,
        ('POST', 'compose'): _compose,
        ('POST', 'move'): _move,
        ('POST', 'reserve'): _reserve,
        ('POST', 'restart'): _restart,
        ('POST', 'replace'): _replace,
        ('POST', 'finish'): _finish,
        ('POST', 'events'): _emit_events,
        ('POST', 'streams'): _write_streams,
        ('DELETE', 'streams'): _end_streams,
        ('POST', 'deliver'): _deliver,
    }


async def _json_of(request: web.BaseRequest) -> object:
    text = await request.text()
    try:
        return json.loads(text) if text else {}
    except ValueError as error:
        raise BadRequest(f'the body is not JSON: {error}') from error
