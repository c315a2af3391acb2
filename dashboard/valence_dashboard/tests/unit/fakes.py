# SPDX-License-Identifier: Apache-2.0
"""Pages with an API that answers what a test says."""

import json
from typing import Any

import fixtures
import requests
from django.test import utils

from valence_dashboard.tests.functional import pages

URL = 'http://valence'
_RENDER = utils.instrumented_test_render


class TestCase(pages.TestCase):
    """Requests pages of an API without a server.

    :ivar answers: the body of the answer, by path; a number is the status of
        an error.
    :ivar failing: the status of all other answers, if they are errors.
    :ivar asked: the path and the parameters of each request.
    :ivar sent: the method, the path and the body of each change.
    """

    def setUp(self):
        super().setUp()
        self.answers: dict[str, Any] = {}
        self.failing: int | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.sent: list[tuple[str, str, Any]] = []
        for name, value in (
            ('openstack.proxy.Proxy.request', self.answer),
            # Answers have the context of their pages.
            ('django.template.base.Template._render', _RENDER),
        ):
            self.useFixture(fixtures.MonkeyPatch(name, value))
        self.use(URL)

    def answer(self, proxy, url, method='GET', **options):
        path = url.partition('?')[0].strip('/')
        self.asked.append((path, options.get('params') or {}))
        if method != 'GET':
            self.sent.append((method, path, options.get('json')))
        empty = self.failing or {path.rpartition('/')[2]: []}
        return self.respond(path, self.answers.get(path, empty))

    def respond(self, path, body):
        """Return an answer with a body, or with the status of an error."""
        response = requests.Response()
        response.status_code = 200
        if isinstance(body, int):
            response.status_code, body = body, {'error': {'message': 'Oops.'}}
        response.url = f'{URL}/{path}'
        response.headers['Content-Type'] = 'application/json'
        response._content = json.dumps(body).encode()
        return response
