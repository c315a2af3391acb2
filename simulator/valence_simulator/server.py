# SPDX-License-Identifier: Apache-2.0
"""The HTTP server: one coroutine that all requests pass through.

aiohttp's low-level server is used rather than its application: the tree of
resources is the router, and a request costs half.
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

#: Seconds that requests in flight get to end when the server stops.
SHUTDOWN_TIMEOUT = 0.2


class _Connection(web.RequestHandler):
    """aiohttp's, but for 501 rather than 400 to an unknown method."""

    __slots__ = ()

    def handle_error(self, request, status=500, exc=None, message=None):
        if isinstance(exc, BadHttpMethod):
            return web.Response(status=501)
        return super().handle_error(request, status, exc, message)


class _HttpServer(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class Server:
    """Serves one personality, with latency and faults, and the control.

    :param personality: what answers the requests.
    :param latency: seconds that every answer is held back.
    :param ssl_context: serve https with it; http if None.
    """

    def __init__(
        self,
        personality: Personality,
        latency: float = 0,
        ssl_context: ssl.SSLContext | None = None,
    ):
        self.personality = personality
        self.latency = latency
        self.faults = faults.Faults()
        self.counts: collections.Counter = collections.Counter()
        self.in_flight = 0
        self.peak = 0
        self._ssl_context = ssl_context
        self._control = control.Control(self)
        self._runner: web.ServerRunner | None = None
        self._address: tuple[str, int] = ('', 0)

    @property
    def url(self) -> str:
        """Where the service's root is."""
        host, port = self._address
        host = f'[{host}]' if ':' in host else host
        scheme = 'https' if self._ssl_context else 'http'
        return f'{scheme}://{host}:{port}{self.personality.root}'

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 picks a free one.

        :raises OSError: the address is not free.
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
        """Stop listening and hang up on whoever is connected."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def close(self) -> None:
        """Stop for good."""
        await self.personality.close()
        await self.stop()

    def replace(self, **options: object) -> Personality:
        """Put another service with other hardware at the same URL.

        :param options: what differs from the one before.
        :returns: the one before, to be closed.
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
        """Refuse connections for a while, after hanging up."""
        if down_seconds:
            await self.stop()
            await asyncio.sleep(down_seconds)
            await self.start(*self._address)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
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
        """What tests ask for: requests so far and the personality's state."""
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
        """Set the request counters to zero."""
        self.counts.clear()
        self.personality.ledger.forget()
        self.peak = self.in_flight
