# SPDX-License-Identifier: Apache-2.0
"""Streams of server-sent events: events, heartbeats and telemetry."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
from collections.abc import Callable

from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol import delivery
from valence_simulator.protocol import subscriptions
from valence_simulator.protocol.delays import Delays
from valence_simulator.protocol.delivery import Event
from valence_simulator.protocol.delivery import Interest
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call

#: An event of another type than `message`. Without data, clients must not
#: dispatch it.
HEARTBEAT = 'event: heartbeat\ndata:\n\n'
REPORT = f'{ROOT}/TelemetryService/MetricReports/Power'


class Streams:
    """The open streams.

    :param delays: schedules heartbeats and telemetry.
    """

    def __init__(self, options: argparse.Namespace, delays: Delays):
        self._options = options
        self._delays = delays
        self._open: dict[asyncio.Queue[str | None], Interest] = {}
        self._ticking: set[str] = set()
        self._reports = 0

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, call: Call) -> web.StreamResponse:
        """Open a stream and write the events that match its filter."""
        interest = subscriptions.parse_filter(
            call.request.query.get('$filter', ''),
            bool(self._options.telemetry_seconds),
        )
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        stream = web.StreamResponse(
            headers={
                **answers.COMMON,
                'Content-Type': 'text/event-stream',
                'Allow': 'GET',
            }
        )
        await stream.prepare(call.request)
        self._open[queue] = interest
        self.schedule()
        try:
            await stream.write(b': stream opened\n\n')
            while (text := await queue.get()) is not None:
                await stream.write(text.encode())
        finally:
            del self._open[queue]
        return stream

    def send(self, events: list[Event]) -> None:
        """Write events, as one, to the streams whose filters match."""
        for queue, interest in self._open.items():
            matching = [event for event in events if interest.matches(event)]
            if matching and queue.qsize() < delivery.QUEUE:
                number = matching[0].id
                body = json.dumps(delivery.message(matching, None, number))
                queue.put_nowait(f'id: {number}\n{self._data(body)}\n')

    def write(self, text: str) -> None:
        """Write any text to all streams."""
        for queue in self._open:
            queue.put_nowait(text)

    def end(self) -> int:
        """Close all streams; return their number."""
        for queue in self._open:
            queue.put_nowait(None)
        return len(self._open)

    def _data(self, body: str) -> str:
        """Return the `data:` lines of an event, as many as configured."""
        lines = self._options.sse_data_lines
        if lines < 2:
            return f'data: {body}\n'
        # The end of a line is a line feed in the data, which JSON allows
        # between tokens only. Empty lines make up for the rest.
        parts = json.dumps(json.loads(body), indent=0).split('\n')
        parts += [''] * (lines - len(parts))
        return ''.join(f'data: {part}\n' for part in parts)

    # Heartbeats and telemetry

    def schedule(self) -> None:
        """Schedule heartbeats and telemetry, as configured."""
        self._schedule('heartbeat_seconds', self._beat)
        self._schedule('telemetry_seconds', self._report)

    def _schedule(self, option: str, send: Callable[[], None]) -> None:
        seconds = getattr(self._options, option)
        if not seconds or not self._open or option in self._ticking:
            return
        self._ticking.add(option)

        def tick() -> None:
            self._ticking.discard(option)
            if getattr(self._options, option):
                send()
                self._schedule(option, send)

        self._delays.later(seconds, tick)

    def _beat(self) -> None:
        self.write(HEARTBEAT)

    def _report(self) -> None:
        self._reports += 1
        now = datetime.datetime.now(datetime.UTC)
        report = {
            '@odata.id': REPORT,
            '@odata.type': '#MetricReport.v1_4_0.MetricReport',
            'Id': 'Power',
            'Name': 'Power',
            'ReportSequence': str(self._reports),
            'MetricValues': [
                {
                    'MetricId': 'PowerConsumedWatts',
                    'MetricValue': str(200 + self._reports % 50),
                    'Timestamp': now.isoformat(timespec='seconds'),
                }
            ],
        }
        for queue, interest in self._open.items():
            if interest.wants_reports:
                queue.put_nowait(
                    f'event: MetricReport\n{self._data(json.dumps(report))}\n'
                )
