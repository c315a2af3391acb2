# SPDX-License-Identifier: Apache-2.0
"""A pod that responds from memory, with a fixed latency.

The benchmark measures the clients, so the server must not be the bottleneck:
every response is requested from a simulated pod once, and then kept as bytes.

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
    """The responses, and the number of requests for each."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.latency = 0.0
        self.counts: collections.Counter[str] = collections.Counter()
        self._responses: dict[str, bytes] = {}
        self._token: str | None = None
        self._session = requests.Session()

    def respond(
        self, method: str, path: str, head: bytes, body: bytes
    ) -> bytes:
        """Return the response with its headers."""
        if path == '/_requests':
            return _bytes(200, json.dumps(list(self.counts.elements())))
        if path.startswith('/_latency/'):
            # The next contender starts: reset the counters.
            self.latency = float(path.rpartition('/')[2])
            self.counts.clear()
            return _bytes(200, '{}')
        if method != 'GET':
            return self._forward(method, path, body)
        self.counts[path] += 1
        if path not in self._responses:
            self._responses[path] = self._forward(method, path, b'')
        return self._responses[path]

    def _forward(self, method: str, path: str, body: bytes) -> bytes:
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
        forwarded = {
            name: value
            for name, value in found.headers.items()
            if name in ('X-Auth-Token', 'Location', 'ETag', 'OData-Version')
        }
        return _bytes(found.status_code, found.text, forwarded)


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
    """A minimal HTTP server."""

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
        response = self._recorded.respond(
            method.decode(), path.decode(), head, rest[:length]
        )
        asyncio.get_running_loop().call_later(
            self._recorded.latency, self._send, response, _CLOSE in head
        )

    def _send(self, response: bytes, last: bool) -> None:
        if last:
            # Otherwise the client would reuse the connection.
            response = response.replace(b'\r\n', b'\r\n' + _CLOSE + b'\r\n', 1)
        self._transport.write(response)
        if last:
            self._transport.close()


async def serve(upstream: str) -> None:
    """Listen on a free port and print it."""
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
