# SPDX-License-Identifier: Apache-2.0
"""What only a socket can carry: broken HTTP, and clients that dawdle."""

import contextlib
import json
import re
import socket
import urllib.parse

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import processes

_CHUNKED = b'\r\ntransfer-encoding: chunked'


class TestSocket(base.ServiceTestCase):
    @classmethod
    def start(cls):
        cls.service = cls.use(fixtures.Service(api__threads=4))
        cls.process = cls.service.all_in_one()
        cls.client = cls.service.client

    def _connect(self):
        parts = urllib.parse.urlsplit(self.client.url)
        connection = socket.create_connection(
            (parts.hostname, parts.port), timeout=processes.PATIENCE
        )
        self.addCleanup(connection.close)
        return connection

    def _send(self, *pieces):
        """Send bytes; returns the status and the body of what comes back."""
        connection = self._connect()
        try:
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # It has heard enough, has answered, and may be gone.
        received = b''
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        head, _, body = received.partition(b'\r\n\r\n')
        return int(head.split()[1]) if head else None, body

    def assertAlive(self):
        self.assertEqual([], self.client.all('/v1/pod_managers'))

    def test_raw_bytes_in_the_address(self):
        for line in (
            b'GET /v1/nodes/\xff HTTP/1.1',
            b'GET /v1/nodes?name=\xff HTTP/1.1',
            b'GET /v1/nodes/\xc3\x28 HTTP/1.1',
            b'GET /v1/nodes/%zz HTTP/1.1',
            b'GET /v1/nodes/%00 HTTP/1.1',
            b'GET ../../etc/passwd HTTP/1.1',
            b'GET http://evil/v1/nobody HTTP/1.1',
            b'GET http://[::1/v1/nodes HTTP/1.1',
            b'NOTHING',
            b'GET /v1/nodes HTTP/9.9',
            b'\x16\x03\x01\x02\x00\x01',
        ):
            status, body = self._send(line, b'\r\nHost: localhost\r\n\r\n')
            self.assertIn(status, (400, 404, 414, 505), line)
            (error,) = json.loads(body)['errors']
            self.assertEqual(status, error['status'])
            self.assertTrue(error['code'].startswith('composable.'), error)
            self.assertTrue(error['detail'], error)
        self.assertAlive()

    def test_the_log_has_no_traceback(self):
        for line in (b'NOTHING', b'GET http://[::1/v1 HTTP/1.1', b'\x16\x03'):
            begun = len(self.process.output())
            status, _ = self._send(line, b'\r\nHost: localhost\r\n\r\n')
            self.assertEqual(400, status, line)
            self.assertAlive()
            self.assertNotIn('Traceback', self.process.output(begun))

    def test_a_body_is_not_waited_for_that_does_not_follow(self):
        connection = self._connect()
        connection.sendall(
            b'GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\n'
            b'Expect: 100-continue\r\nConnection: close\r\n\r\n'
        )
        received = b''
        while data := connection.recv(65536):
            received += data
        self.assertTrue(received.startswith(b'HTTP/1.1 200 '), received)

    def test_a_body_that_waits_for_a_go_ahead(self):
        connection = self._connect()
        connection.sendall(
            b'POST /v1/nodes/preview HTTP/1.1\r\nHost: localhost\r\n'
            b'Content-Type: application/json\r\nContent-Length: 2\r\n'
            b'Expect: 100-continue\r\nConnection: close\r\n\r\n'
        )
        self.assertEqual(
            b'HTTP/1.1 100 Continue\r\n\r\n', connection.recv(65536)
        )
        connection.sendall(b'{}')
        self.assertIn(b' 200 ', connection.recv(65536))

    def test_lengths_that_lie(self):
        head = (
            b'POST /v1/pod_managers HTTP/1.1\r\nHost: localhost\r\n'
            b'Content-Type: application/json\r\nContent-Length: %s\r\n\r\n'
        )
        for length in (b'-1', b'many', b'99999999999999', b'1000'):
            status, _ = self._send(head % length, b'{"name": "short"}')
            self.assertIn(status, (None, 400, 408, 411, 413), length)
        self.assertAlive()

    def test_ambiguous_framing(self):
        """A proxy in front might take the rest for another request."""
        start = b'POST /v1/nodes HTTP/1.%d\r\nContent-Type: application/json'
        body = b'2\r\n{}\r\n0\r\n\r\n'
        for minor, headers in (
            (1, b'Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked'),
            (1, b'Host: a\r\nTransfer-Encoding : chunked'),
            (1, b'Host: a\r\nTransfer-Encoding: chunked, identity'),
            (1, b'Host: a\r\nTransfer-Encoding: chunked, chunked'),
            (1, b'Host: a\r\nTransfer-Encoding: chunked' + _CHUNKED),
            (1, b'Host: a\r\nContent-Length: 2\r\nContent-Length: 15'),
            (1, b'Host: a\r\nContent-Length: +2'),
            (1, b'Host: a\r\nHost: b\r\nContent-Length: 0'),
            (1, b'Content-Length: 0'),
            (1, b'Host: a\r\n Content-Length: 2'),
            (0, b'Host: a\r\nTransfer-Encoding: chunked'),
        ):
            raw = start % minor + b'\r\n' + headers + b'\r\n\r\n' + body
            connection = self._connect()
            connection.sendall(raw)
            received = b''
            # The connection ends: no second answer follows.
            while data := connection.recv(65536):
                received += data
            answers = re.findall(rb'HTTP/1\.\d \d{3} ', received)
            self.assertEqual(1, len(answers), headers)
            self.assertIn(int(received.split()[1]), (400, 501), headers)

    def test_invalid_chunks(self):
        for chunk in (b'zz\r\n{}\r\n', b'-1\r\n{}\r\n', b'2\r\n{}xx'):
            status, body = self._send(
                b'POST /v1/nodes HTTP/1.1\r\nHost: localhost\r\n'
                b'Content-Type: application/json\r\n'
                b'Transfer-Encoding: chunked\r\n\r\n' + chunk
            )
            self.assertEqual(400, status, chunk)
            self.assertIn(b'"errors"', body)

    def test_ten_megabytes_in_chunks(self):
        status, _ = self._send(
            b'POST /v1/pod_managers HTTP/1.1\r\nHost: localhost\r\n'
            b'Content-Type: application/json\r\n'
            b'Transfer-Encoding: chunked\r\n\r\n',
            *[b'10000\r\n' + b'x' * 0x10000 + b'\r\n'] * 160,
            b'0\r\n\r\n',
        )
        self.assertIn(status, (400, 413))
        self.assertAlive()

    def test_ten_megabytes(self):
        answer = self.client.request(
            'POST', '/v1/pod_managers', content=b'x' * 10 * 2**20
        )
        self.assertEqual(413, answer.status)
        self.assertEqual(413, answer.error['status'])

    def test_headers_without_end(self):
        status, _ = self._send(
            b'GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\n',
            *[b'X-Long: ' + b'x' * 8000 + b'\r\n'] * 200,
            b'\r\n',
        )
        self.assertIn(status, (None, 400, 413, 431))
        self.assertAlive()

    def test_silent_and_slow_clients_occupy_nothing(self):
        head = b'POST /v1/nodes HTTP/1.1\r\nHost: localhost\r\n'
        for _ in range(150):
            self._connect()
            self._connect().sendall(head)
            self._connect().sendall(
                head + b'Content-Type: application/json\r\n'
                b'Content-Length: 99\r\n\r\n{'
            )
        for _ in range(8):
            self.assertAlive()

    def test_one_connection_serves_many_requests(self):
        connection = self._connect()
        stream = connection.makefile('rb')
        for _ in range(3):
            connection.sendall(
                b'GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n'
            )
            length = 0
            self.assertIn(b'200', stream.readline())
            while (line := stream.readline()) != b'\r\n':
                name, _, value = line.partition(b':')
                if name.lower() == b'content-length':
                    length = int(value)
            self.assertEqual({'nodes': []}, json.loads(stream.read(length)))

    def test_an_error_leaves_the_connection_usable(self):
        for path in ('/v1/nowhere', '/v1/nodes?x=y', '/v1/nodes/x'):
            answer = self.client.request('GET', path)
            self.assertIn(answer.status, (400, 404))
            self.assertEqual(answer.status, answer.error['status'])


class TestTimeout(base.ServiceTestCase):
    @classmethod
    def start(cls):
        cls.service = cls.use(fixtures.Service(api__receive_timeout=1))
        cls.process = cls.service.all_in_one()
        cls.client = cls.service.client

    def test_requests_that_never_end(self):
        """They end with the connection, although bytes keep coming."""
        parts = urllib.parse.urlsplit(self.client.url)
        for start in (b'', b'GET /v1/nodes HTTP/1.1\r\nX: '):
            connection = socket.create_connection(
                (parts.hostname, parts.port), timeout=60
            )
            self.addCleanup(connection.close)
            connection.sendall(start)
            connection.settimeout(0.2)
            while not self._has_ended(connection):
                if start:
                    with contextlib.suppress(OSError):
                        connection.sendall(b'x')

    @staticmethod
    def _has_ended(connection):
        try:
            return connection.recv(1) == b''
        except TimeoutError:
            return False
        except OSError:
            return True
