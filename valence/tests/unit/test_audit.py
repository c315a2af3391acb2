# SPDX-License-Identifier: Apache-2.0
"""Events of the audit middleware."""

import json
import pathlib

import fixtures
import webob
from oslo_config import cfg

from valence.api import audit
from valence.common import context
from valence.common import exception
from valence.tests import base

_MAP = pathlib.Path(__file__).parents[3] / 'etc/valence/api_audit_map.conf'
_CATALOG = json.dumps(
    [{'type': 'composable', 'name': 'valence', 'endpoints': [{}]}]
)


class TestAudit(base.TestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(
            audit__enabled=True,
            audit__audit_map_file=str(_MAP),
            audit_middleware_notifications__use_oslo_messaging=False,
        )
        self.notify = self.useFixture(
            fixtures.MockPatch(
                'keystonemiddleware.audit._notifier._LogNotifier.notify'
            )
        ).mock
        # keystonemiddleware binds a context; elsewhere the access log ends it.
        self.addCleanup(context.forget)

    def app(self, environ, start_response):
        if environ['PATH_INFO'].endswith('/forbidden'):
            raise exception.Forbidden(action='x')
        start_response('202 Accepted', [])
        return [b'x']

    def request(self, method, path, body=None):
        request = webob.Request.blank(path, method=method)
        request.headers.update(
            {'X-User-Id': 'u', 'X-Project-Id': 'p', 'X-Auth-Token': 'secret'}
        )
        request.environ['HTTP_X_SERVICE_CATALOG'] = _CATALOG
        if body is not None:
            request.json = body
        return request

    def sent(self):
        return [
            (name, json.loads(json.dumps(event)))
            for _, name, event in (
                call.args for call in self.notify.mock_calls
            )
        ]

    def test_events(self):
        for method, path, body, action, target in (
            ('GET', '/v1/nodes', None, 'read/list', '/nodes'),
            ('GET', '/v1/nodes/a', None, 'read', '/nodes/node'),
            ('POST', '/v1/flavors', {}, 'create', '/flavors'),
            ('PATCH', '/v1/flavors/a', {}, 'update', '/flavors/flavor'),
            ('DELETE', '/v1/nodes/a', None, 'delete', '/nodes/node'),
            ('POST', '/v1/nodes/preview', {}, 'read', '/nodes/node'),
            (
                *('POST', '/v1/nodes/a/action', {'reset': {}}),
                *('update/reset', '/nodes/node'),
            ),
            (
                *('POST', '/v1/pod_managers/a/sync', None),
                *('update/sync', '/pod_managers/pod_manager'),
            ),
        ):
            with self.subTest(f'{method} {path}'):
                self.notify.reset_mock()
                request = self.request(method, path, body)
                response = request.get_response(audit.wrap(self.app))
                self.assertEqual(202, response.status_int)
                (before, _), (after, event) = self.sent()
                self.assertEqual(
                    ('audit.http.request', 'audit.http.response'),
                    (before, after),
                )
                self.assertEqual(
                    (action, 'service/composable' + target, 'success', 'u'),
                    (
                        event['action'],
                        event['target']['typeURI'],
                        event['outcome'],
                        event['initiator']['id'],
                    ),
                )
                self.assertNotIn('secret', str(self.sent()))

    def test_a_denial(self):
        request = self.request('DELETE', '/v1/nodes/forbidden')
        self.assertRaises(
            exception.Forbidden, request.get_response, audit.wrap(self.app)
        )
        _, (_, event) = self.sent()
        self.assertEqual(
            ('failure', '403'),
            (event['outcome'], event['reason']['reasonCode']),
        )

    def test_methods_that_are_not_audited(self):
        self.conf.set(audit__ignore_req_list=['GET', 'HEAD'])
        app = audit.wrap(self.app)
        self.request('GET', '/v1/nodes').get_response(app)
        self.assertEqual([], self.sent())
        self.request('DELETE', '/v1/nodes/a').get_response(app)
        self.assertEqual(2, len(self.sent()))

    def test_off(self):
        self.conf.set(audit__enabled=False)
        self.assertEqual(self.app, audit.wrap(self.app))

    def test_a_map_that_is_missing(self):
        self.conf.set(audit__audit_map_file='/nowhere')
        error = self.assertRaises(
            cfg.ConfigFileValueError, audit.wrap, self.app
        )
        self.assertIn('audit_map_file', str(error))
