# SPDX-License-Identifier: Apache-2.0
"""Faults in front of any endpoint that speaks HTTP.

A proxy forwards requests and injects faults into some. The faults have the
names that they have in Valence's simulator.
"""

import contextlib
import dataclasses
import http.server
import json
import re
import socket
import struct
import threading
import time
import urllib.parse

import urllib3

from valence.tests.contract import endpoints

_ROOT = '/redfish/v1'
# Where the proxy itself shows a task.
_MONITOR = f'{_ROOT}/TaskService/TaskMonitors/of-the-proxy'
_KEPT = ('content-type', 'location', 'etag', 'x-auth-token', 'retry-after')
_PASSED = (
    *('authorization', 'x-auth-token', 'content-type', 'if-match'),
    *('odata-version', 'accept'),
)


@dataclasses.dataclass
class Fault:
    """A fault: which requests it affects, and how often."""

    name: str
    value: object = None
    method: str | None = None
    count: int | None = None
    path: str | None = None
    struck: int = 0

    def strikes(self, method, path):
        if 'Sessions' in path or self.method not in (None, method):
            return False
        if self.path and not re.match(self.path, path.partition('?')[0]):
            return False
        if self.count is not None and self.struck >= self.count:
            return False
        self.struck += 1
        return True


class Proxied(endpoints.Endpoint):
    """Another endpoint behind a proxy that injects faults."""

    faulty = True
    is_proxy = True

    def __init__(self, endpoint):
        self._endpoint = endpoint
        self._faults = []
        self._lock = threading.Lock()

    def _setUp(self):
        self.useFixture(self._endpoint)
        behind = self._endpoint.connection
        parts = urllib.parse.urlsplit(behind.url)
        self.origin = f'{parts.scheme}://{parts.netloc}'
        # Not http.client, in which the tests simulate crashes.
        self.pool = urllib3.PoolManager(
            maxsize=64,
            cert_reqs='CERT_NONE' if behind.insecure else None,
            ca_cert_data=behind.ca_cert,
        )
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        server.daemon_threads = True
        server.proxy = self
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.connection = dataclasses.replace(
            behind,
            url=f'http://127.0.0.1:{server.server_address[1]}{parts.path}',
        )

    def is_redfish(self):
        """Whether the endpoint is a Redfish service."""
        answer = self.pool.request('GET', f'{self.origin}{_ROOT}/')
        return b'RedfishVersion' in answer.data

    @contextlib.contextmanager
    def fault(self, name, value=None, method=None, count=None, path=None):
        ordered = Fault(name, value, method, count, path)
        self._faults.append(ordered)
        try:
            yield lambda: ordered.struck
        finally:
            self.recover()

    def recover(self):
        self._faults.clear()

    def struck_by(self, method, path):
        """The fault of a request, if there is one."""
        with self._lock:
            for fault in self._faults:
                if fault.strikes(method, path):
                    return fault
        return None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        """The tests report enough."""

    def do(self):
        length = int(self.headers.get('Content-Length') or 0)
        body = self.rfile.read(length)
        fault = self.server.proxy.struck_by(self.command, self.path)
        try:
            if self.path.startswith(_MONITOR):
                self.answer_json(200, self.server.proxy.task)
            elif fault is None:
                self.answer(*self.pass_on(body))
            else:
                getattr(self, fault.name.replace('-', '_'))(fault, body)
        except (OSError, urllib3.exceptions.HTTPError):
            self.hang_up()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def pass_on(self, body):
        """Forward a request; returns status, body and headers."""
        proxy = self.server.proxy
        answer = proxy.pool.request(
            self.command,
            proxy.origin + self.path,
            body=body,
            headers={
                name: value
                for name, value in self.headers.items()
                if name.lower() in _PASSED
            },
            redirect=False,
            retries=False,
            timeout=600,
        )
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() in _KEPT
        }
        return answer.status, answer.data, kept

    def answer(self, status, body=b'', headers=None, length=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            size = len(body) if length is None else length
            self.send_header('Content-Length', str(size))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    # The faults

    def delay(self, fault, body):
        time.sleep(float(fault.value or 1))
        self.answer(*self.pass_on(body))

    def hang(self, fault, body):
        self.connection.settimeout(float(fault.value or 60))
        with contextlib.suppress(OSError):
            self.rfile.read(1)
        self.hang_up()

    def trickle(self, fault, body):
        status, content, headers = self.pass_on(body)
        self.answer(status, b'', headers, length=len(content))
        for byte in content:
            self.wfile.write(bytes((byte,)))
            time.sleep(float(fault.value or 0.1))

    def status(self, fault, body):
        error = {'code': 'ordered', 'message': f'ordered: {fault.value}'}
        self.answer_json(int(fault.value or 500), {**error, 'error': error})

    def answer_json(self, status, body):
        content = json.dumps(body).encode()
        self.answer(status, content, {'Content-Type': 'application/json'})

    def html(self, fault, body):
        content = b'<html><body><h1>It works!</h1></body></html>'
        kind = {'Content-Type': 'text/html'}
        self.answer(int(fault.value or 200), content, kind)

    def expire_session(self, fault, body):
        self.status(Fault('status', 401), body)

    def drop(self, fault, body):
        self.hang_up()

    def refuse(self, fault, body):
        linger = struct.pack('ii', 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def lost_answer(self, fault, body):
        self.pass_on(body)
        self.hang_up()

    def deny(self, fault, body):
        """Do it, and answer as if it was not done."""
        self.pass_on(body)
        self.status(fault, body)

    def watch(self, fault, body):
        """Only count the request."""
        self.answer(*self.pass_on(body))

    def ignore(self, fault, body):
        """Report success, and do nothing."""
        self.answer(204)

    def failing_task(self, fault, body):
        """Do nothing, as a task that ends as in the value."""
        self.server.proxy.task = {
            '@odata.id': _MONITOR,
            'Messages': [{'Message': 'The fan is broken.'}],
            **fault.value,
        }
        self.answer(202, headers={'Location': _MONITOR})

    def following(self, fault, body):
        """A page without members, followed by the value's result."""
        link = fault.value()
        self.answer_json(200, {'Members': [], 'Members@odata.nextLink': link})

    def truncate(self, fault, body):
        status, content, headers = self.pass_on(body)
        half = content[: len(content) // 2]
        self.answer(status, half, headers, length=len(content) + 1)
        self.hang_up()

    def malformed(self, fault, body):
        status, content, headers = self.pass_on(body)
        self.answer(
            200 if status == 204 else status,
            (content or b'{')[:-1] + b',,',
            headers,
        )

    def replace(self, fault, body):
        status, _, headers = self.pass_on(body)
        content = json.dumps(fault.value).encode()
        self.answer(200 if status == 204 else status, content, headers)

    def endless(self, fault, body):
        self.answer(200, b'{"Name": "', length=10**12)
        while True:
            self.wfile.write(b'x' * 65536)

    def redirect_loop(self, fault, body):
        self.answer(307, headers={'Location': self.path})
