# SPDX-License-Identifier: Apache-2.0
"""Memory of a process that reads a pod manager of huge answers.

A service shows 60 systems of 10 MB each: of one long text, of many texts, and
of nothing but numbers. The process ``valence`` registers and reads it, and its
peak memory is printed.

    python -m benchmarks.hostile_pod
"""

import contextlib
import http.server
import json
import pathlib
import socket
import threading
import time
import urllib.request
from typing import Any

from benchmarks.slow_clients import api

SYSTEMS = 60
BYTES = 10_000_000
_ROOT = '/redfish/v1'
FILLINGS = {
    'text': ['x' * BYTES],
    'texts': ['x' * 100 + str(n) for n in range(BYTES // 108)],
    'numbers': [n / 7 for n in range(BYTES // 22)],
    'lists': [[]] * (BYTES // 4),
}


def link(uri: str) -> dict[str, str]:
    """A reference."""
    return {'@odata.id': uri}


class Service(http.server.ThreadingHTTPServer):
    """The service; a connection has a thread."""

    daemon_threads = True

    def __init__(self, filling: list[Any]) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.end = b',"Oem":' + json.dumps(filling).encode() + b'}'
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def content(self, path: str) -> bytes:
        """The body of a response; empty for what does not exist."""
        systems = [f'{_ROOT}/Systems/{n}' for n in range(SYSTEMS)]
        if path in systems:
            body: dict[str, Any] = {
                **link(path),
                'Name': path[-2:],
                'SystemType': 'Physical',
            }
            return json.dumps(body).encode()[:-1] + self.end
        pages: dict[str, Any] = {
            _ROOT: {
                'RedfishVersion': '1.0.0',
                'Systems': link(f'{_ROOT}/Systems'),
                'Chassis': link(f'{_ROOT}/Chassis'),
                'CompositionService': link(f'{_ROOT}/CompositionService'),
            },
            f'{_ROOT}/CompositionService': {
                'ResourceBlocks': link(f'{_ROOT}/Blocks')
            },
            f'{_ROOT}/Systems': {'Members': [link(uri) for uri in systems]},
            f'{_ROOT}/Chassis': {'Members': [], 'Members@odata.count': 0},
            f'{_ROOT}/Blocks': {'Members': [], 'Members@odata.count': 0},
        }
        return json.dumps(pages[path]).encode() if path in pages else b''


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET requests."""

    protocol_version = 'HTTP/1.1'
    server: Service

    def do_GET(self) -> None:
        """Send the body of a path."""
        content = self.server.content(self.path)
        self.send_response(200 if content else 404)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Print nothing but the figures."""


def call(port: int, path: str, body: object = None) -> Any:
    """The answer of the API."""
    request = urllib.request.Request(
        f'http://127.0.0.1:{port}{path}',
        json.dumps(body).encode() if body else None,
        {'Content-Type': 'application/json'},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def memory(pid: int) -> tuple[int, int]:
    """The memory of a process now, and at its peak, in MB."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    fields = dict(line.split(':', 1) for line in status.splitlines())
    now, peak = (int(fields[name].split()[0]) for name in ('VmRSS', 'VmHWM'))
    return now // 1000, peak // 1000


def run(name: str) -> None:
    """Have a pod read, and print the figures."""
    service = Service(FILLINGS[name])
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    with contextlib.closing(service.socket), api(port) as process:
        before, _ = memory(process.pid)
        began = time.monotonic()
        url = f'http://127.0.0.1:{service.server_address[1]}'
        call(port, '/v1/pod_managers', {'name': 'hostile', 'url': url})
        while True:
            podm = call(port, '/v1/pod_managers/hostile')
            if podm['synced_at'] or podm['sync_error']:
                break
            time.sleep(0.5)
        seconds = time.monotonic() - began
        stored = call(port, '/v1/systems?limit=1000')['systems']
        print(
            f'{name:8} {len(stored):3} systems stored in {seconds:5.1f} s; '
            f'memory {before} MB before, at most {memory(process.pid)[1]} MB; '
            f'{(podm["sync_error"] or "no error")[:75]}'
        )


def main() -> None:
    """Run all."""
    print(f'{SYSTEMS} systems of {BYTES // 1_000_000} MB each:')
    for name in FILLINGS:
        run(name)


if __name__ == '__main__':
    main()
