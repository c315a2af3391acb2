# SPDX-License-Identifier: Apache-2.0
"""The HTTP server: one coroutine for all requests.

It uses aiohttp's low-level server instead of its application: the tree of
resources is the router, and a request costs half as much.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import secrets
import ssl

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod

from valence_simulator import control
from valence_simulator import faults
from valence_simulator import ledger
from valence_simulator import personalities
from valence_simulator.personalities import Personality

#: Seconds that running requests have to end when the server stops.
SHUTDOWN_TIMEOUT = 0.2


class _Connection(web.RequestHandler):
    """aiohttp's parser, but with 501 instead of 400 for an unknown method."""

    __slots__ = ()

    def handle_error(self, request, status=500, exc=None, message=None):
        if isinstance(exc, BadHttpMethod):
            return web.Response(status=501)
        return super().handle_error(request, status, exc, message)


class _HttpServer(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class Server:
    """Serves one personality, with latency, faults and the control endpoint.

    :param personality: processes the requests.
    :param latency: the delay of every response in seconds.
    :param ssl_context: for https; None for http.
    """

    def __init__(
        self,
        personality: Personality,
        latency: float = 0,
        ssl_context: ssl.SSLContext | None = None,
    ):
        self.personality = personality
        self.latency = latency
        self.faults = faults.Faults(personality.options.seed)
        self.counts: collections.Counter = collections.Counter()
        self.in_flight = 0
        self.peak = 0
        self._ssl_context = ssl_context
        self._control = control.Control(self)
        self._runner: web.ServerRunner | None = None
        self._address: tuple[str, int] = ('', 0)

    @property
    def url(self) -> str:
        """Return the URL of the service root."""
        host, port = self._address
        host = f'[{host}]' if ':' in host else host
        scheme = 'https' if self._ssl_context else 'http'
        return f'{scheme}://{host}:{port}{self.personality.root}'

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 selects a free one.

        :raises OSError: if the address is not available.
        """
        server = _HttpServer(self.handle, access_log=None)
        self._runner = web.ServerRunner(
            server, shutdown_timeout=SHUTDOWN_TIMEOUT
        )
        await self._runner.setup()
        site = web.TCPSite(
            self._runner,
            host,
            port,
            ssl_context=self._ssl_context,
            reuse_address=True,
            backlog=1024,
        )
        await site.start()
        self._address = (host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening and close all connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def close(self) -> None:
        """Stop the server."""
        await self.personality.close()
        await self.stop()

    def replace(self, **options: object) -> Personality:
        """Replace the service by another one at the same URL.

        :param options: the options that change.
        :returns: the old personality, which the caller closes.
        """
        before = self.personality
        changed = {'service_uuid': None, 'seed': secrets.token_hex(8)}
        self.personality = personalities.load(
            argparse.Namespace(
                **{**vars(before.options), **changed, **options}
            )
        )
        before.ledger.end_all()
        self.personality.ledger = before.ledger
        return before

    async def interrupt(self, down_seconds: float) -> None:
        """Close all connections, and refuse new ones for a while."""
        if down_seconds:
            await self.stop()
            await asyncio.sleep(down_seconds)
            await self.start(*self._address)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Process a request."""
        if request.path.startswith(control.PREFIX):
            return await self._control.handle(request)
        self.counts[request.method, request.path] += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            with self.personality.ledger.serving(
                request.method, request.path
            ) as entry:
                return await self._serve(request, entry)
        except ConnectionError:
            return web.Response()  # The client has gone.
        finally:
            self.in_flight -= 1

    async def _serve(
        self, request: web.BaseRequest, entry: ledger.Entry | None
    ) -> web.StreamResponse:
        if entry is not None:
            entry.request_id = request.headers.get('X-OpenStack-Request-ID')
        length = request.content_length or 0
        if entry is not None and 0 < length <= ledger.BODY:
            entry.body = ledger.body_of(await request.read())
        if self.latency:
            await asyncio.sleep(self.latency)

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            answer = await self.personality.handle(request)
            if entry is not None:
                entry.status = answer.status
            return answer

        answer = await self.faults.serve(request, handle)
        if entry is not None and not faults.has_hung_up(request):
            entry.answered = answer.status
        return answer

    def state(self) -> dict:
        """Return the requests so far and the state of the personality."""
        methods: collections.Counter = collections.Counter()
        for (method, _), count in self.counts.items():
            methods[method] += count
        return {
            'personality': self.personality.name,
            'requests': {
                'total': methods.total(),
                'methods': dict(methods),
                'in_flight': self.in_flight,
                'peak_concurrency': self.peak,
            },
            **self.personality.state(),
        }

    def forget_requests(self) -> None:
        """Reset the request counters."""
        self.counts.clear()
        self.personality.ledger.forget()
        self.peak = self.in_flight
