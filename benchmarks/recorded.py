# SPDX-License-Identifier: Apache-2.0
"""A pod that answers from memory, after a fixed time.

What is measured is who reads, so the pod must not be what is slow: every
answer is asked of a simulated pod once, and then kept as the bytes to send.

    python -m benchmarks.recorded URL-of-the-simulator
"""

import asyncio
import collections
import json
import sys
import urllib.parse
from typing import Any

import requests

_CLOSE = b'Connection: close'


class Recorded:
    """The answers, and how often each was asked for."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.latency = 0.0
        self.counts: collections.Counter[str] = collections.Counter()
        self._answers: dict[str, bytes] = {}
        self._token: str | None = None
        self._session = requests.Session()

    def answer(
        self, method: str, path: str, head: bytes, body: bytes
    ) -> bytes:
        """What to send, headers and all."""
        if path == '/_requests':
            return _bytes(200, json.dumps(list(self.counts.elements())))
        if path.startswith('/_latency/'):
            # A new contender: it begins to count.
            self.latency = float(path.rpartition('/')[2])
            self.counts.clear()
            return _bytes(200, '{}')
        if method != 'GET':
            return self._ask(method, path, body)
        self.counts[path] += 1
        if path not in self._answers:
            self._answers[path] = self._ask(method, path, b'')
        return self._answers[path]

    def _ask(self, method: str, path: str, body: bytes) -> bytes:
        headers = {'Content-Type': 'application/json'}
        if self._token and method == 'GET':
            headers['X-Auth-Token'] = self._token
        found = self._session.request(
            method,
            self.upstream + path,
            data=body or None,
            headers=headers,
            timeout=60,
        )
        self._token = found.headers.get('X-Auth-Token', self._token)
        told = {
            name: value
            for name, value in found.headers.items()
            if name in ('X-Auth-Token', 'Location', 'ETag', 'OData-Version')
        }
        return _bytes(found.status_code, found.text, told)


def _bytes(
    status: int, text: str, headers: dict[str, str] | None = None
) -> bytes:
    content = text.encode()
    lines = [
        f'HTTP/1.1 {status} -',
        'Content-Type: application/json',
        f'Content-Length: {len(content)}',
        *(f'{name}: {value}' for name, value in (headers or {}).items()),
    ]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + content


class Protocol(asyncio.Protocol):
    """As much of HTTP as well-behaved clients need."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._data = b''

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, rest = self._data.partition(b'\r\n\r\n')
        if not end:
            return
        length = 0
        if not head.startswith(b'GET'):
            for line in head.lower().split(b'\r\n'):
                if line.startswith(b'content-length:'):
                    length = int(line[15:])
        if len(rest) < length:
            return
        self._data = rest[length:]
        method, path, _ = head.split(b' ', 2)
        answer = self._recorded.answer(
            method.decode(), path.decode(), head, rest[:length]
        )
        asyncio.get_running_loop().call_later(
            self._recorded.latency, self._send, answer, _CLOSE in head
        )

    def _send(self, answer: bytes, last: bool) -> None:
        if last:
            # Who is not told would send the next one this way, too.
            answer = answer.replace(b'\r\n', b'\r\n' + _CLOSE + b'\r\n', 1)
        self._transport.write(answer)
        if last:
            self._transport.close()


async def serve(upstream: str) -> None:
    """Listen on a free port, and tell which."""
    parts = urllib.parse.urlsplit(upstream)
    recorded = Recorded(f'{parts.scheme}://{parts.netloc}')
    server = await asyncio.get_running_loop().create_server(
        lambda: Protocol(recorded), '127.0.0.1', 0, backlog=256
    )
    port = server.sockets[0].getsockname()[1]
    print(f'http://127.0.0.1:{port}', flush=True)
    await server.serve_forever()


if __name__ == '__main__':
    asyncio.run(serve(sys.argv[1]))
