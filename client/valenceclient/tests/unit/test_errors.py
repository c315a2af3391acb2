# SPDX-License-Identifier: Apache-2.0
import unittest

import requests
from openstack import exceptions

from valenceclient.osc import output
from valenceclient.v1 import errors


def _response(status: int, body: bytes, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.reason = 'A Reason'
    made.url = 'http://127.0.0.1/v1/nodes'
    made.request = requests.Request('GET', made.url).prepare()
    made._content = body
    made.headers.update({'Content-Type': 'application/json', **headers})
    return made


class Errors(unittest.TestCase):
    def error(self, *args, **kwargs):
        with self.assertRaises(exceptions.HttpException) as caught:
            errors.raise_from_response(_response(*args, **kwargs))
        return caught.exception

    def test_no_error(self):
        errors.raise_from_response(_response(200, b'{}'))

    def test_what_the_service_says(self):
        body = b'{"errors": [{"detail": "No name."}, {"detail": "No URL."}]}'
        exc = self.error(400, body, **{'X-Openstack-Request-Id': 'req-1'})
        self.assertIsInstance(exc, exceptions.BadRequestException)
        self.assertEqual('No name. No URL.', exc.message)
        self.assertEqual('req-1', exc.request_id)
        self.assertTrue(str(exc).endswith(' (Request-ID: req-1)'), str(exc))
        self.assertEqual(
            'No name. No URL. (Request-ID: req-1)', output.error_message(exc)
        )

    def test_a_proxy_in_front_of_it(self):
        for body in (b'<html>Sorry</html>', b'', b'[]', b'{"errors": [1]}'):
            exc = self.error(503, body)
            self.assertEqual(
                'The service returned 503 (A Reason).',
                output.error_message(exc),
            )

    def test_a_request_id_is_printable(self):
        exc = self.error(500, b'', **{'X-Openstack-Request-Id': 'a\x1bb'})
        self.assertNotIn('\x1b', output.error_message(exc))
