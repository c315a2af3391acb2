# SPDX-License-Identifier: Apache-2.0
"""Server-sent events of a Redfish service (DSP0266, W3C EventSource)."""

import re
from collections.abc import Iterable
from collections.abc import Iterator

import requests
from oslo_config import cfg
from oslo_log import log

from valence.common.types import JsonObject
from valence.podmanagers.wire import client
from valence.podmanagers.wire import decoding
from valence.podmanagers.wire import transport

LOG = log.getLogger(__name__)


# What ``event`` names that is not about the inventory.
_OTHER_KINDS = frozenset(
    (
        *(b'heartbeat', b'keepalive', b'keep-alive', b'ping'),
        *(b'metricreport', b'telemetry'),
    )
)


class EventStream:
    """The events of an open stream, as JSON objects."""

    def __init__(
        self, response: requests.Response, sent: transport.Sent
    ) -> None:
        self._response = response
        self._sent = sent

    def __iter__(self) -> Iterator[JsonObject]:
        # A chunk is delivered when it is complete; without chunks a larger
        # read would wait for events that have not happened yet.
        chunked = getattr(self._response.raw, 'chunked', False)
        size = client.CHUNK if chunked else 1
        try:
            for kind, data in _dispatched(
                _lines(self._response.iter_content(size))
            ):
                if kind.lower() not in _OTHER_KINDS:
                    yield _event(data)
        except (*client.FAILURES, AttributeError) as exc:
            LOG.debug('The event stream ended: %s', exc)
        finally:
            self._response.close()

    def close(self) -> None:
        """End the stream; its reader sees the end."""
        self._sent.shut_down()


def _dispatched(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The events of a stream: what ``event`` names, and the data.

    One without data is none (HTML, 9.2.6).

    :raises ValueError: for an event that is too large.
    """
    kind, data, size = b'', list[bytes](), 0
    for line in lines:
        field, _, value = line.partition(b':')
        # An empty line of data costs memory as well.
        size += len(line) + 1
        if field == b'data':
            data.append(value.strip())
        elif field == b'event':
            kind = value.strip()
        elif not line:
            if any(data):
                yield kind, b'\n'.join(data)
            kind, data, size = b'', [], 0
        if size > cfg.CONF.redfish.max_answer_bytes:
            raise ValueError('an event is too large')


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream, which end with CR, LF or CR LF.

    HTML, 9.2.6, defines that, and the byte order mark that may come first.
    The time is linear in the length, however small the chunks are.

    :raises ValueError: for a line that is too long.
    """
    rest, begun, halved = bytearray(), False, False
    for chunk in chunks:
        if halved:
            # The CR of the previous chunk has ended the line.
            chunk = chunk.removeprefix(b'\n')
        halved = chunk.endswith(b'\r')
        first, *others = re.split(rb'\r\n|\n|\r', chunk)
        rest += first
        for following in others:
            line = bytes(rest)
            yield line if begun else line.removeprefix(b'\xef\xbb\xbf')
            rest, begun = bytearray(following), True
        if len(rest) > cfg.CONF.redfish.max_answer_bytes:
            raise ValueError('a line is too long')


def _event(data: bytes) -> JsonObject:
    """An event; an empty one, which may mean anything, if it is malformed."""
    try:
        event = decoding.decode(data)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
