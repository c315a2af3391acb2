# SPDX-License-Identifier: Apache-2.0
"""What is logged, and one request in the logs of all processes."""

import json
import re
import uuid

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import simulator
from valence.tests.fixtures import strict_ironic

_HEADER = 'X-OpenStack-Request-ID'


class TestOneRequest(base.ServiceTestCase):
    """An API, a conductor, a pod manager and an Ironic."""

    @classmethod
    def start(cls):
        cls.ironic = cls.use(strict_ironic.StrictIronic())
        cls.service = cls.use(fixtures.Service(**cls.ironic.options()))
        cls.service.manage('db', 'sync')
        cls.service.manage('credential-keys', 'create')
        cls.api = cls.service.api()
        cls.conductor = cls.service.conductor()
        cls.client = cls.service.client
        cls.pod = cls.use(fixtures.Simulator(systems=2))
        cls.service.ready(
            'pod',
            cls.pod,
            hardware_username=simulator.USERNAME,
            hardware_password=simulator.PASSWORD,
        )

    def requested(self, path, body=None):
        """Request an operation of its own global identifier; wait for it.

        :returns: the global identifier and that of the API, and the operation.
        """
        given = f'req-{uuid.uuid4()}'
        answer = self.client.request('POST', path, body, {_HEADER: given})
        self.assertEqual(202, answer.status, answer)
        done = self.client.finished(answer.json['operation_uuid'])
        self.assertEqual('succeeded', done['state'], done)
        return given, answer.headers[_HEADER], done

    def lines(self, process, text, *parts):
        """The lines of a process with a text and all these parts."""
        process.wait_for(text)
        return [
            line
            for line in process.output().splitlines()
            if text in line and all(part in line for part in parts)
        ]

    def test_one_identifier_in_all_logs(self):
        given, own, made = self.requested('/v1/nodes', {'name': 'one'})
        ids = (f'request_id={own}', f'global_request_id={given}')
        (line,) = self.lines(self.api, 'request method=POST', *ids)
        self.assertIn('path=/v1/nodes status=202 duration=', line)
        about = (*ids, f'operation={made["uuid"]}', 'action=compose')
        (begin,) = self.lines(self.conductor, 'operation begins', *about)
        self.assertIn(f'node={made["target_uuid"]}', begin)
        steps = self.lines(self.conductor, 'operation step', *about)
        self.assertEqual(
            [step['name'] for step in made['steps']],
            [re.search(r'step=(\w+)', line)[1] for line in steps],
        )
        (end,) = self.lines(self.conductor, 'operation ends', *about)
        self.assertIn('outcome=succeeded duration=', end)
        self.assertIn(f'pod_manager={made["podm_uuid"]}', end)
        changes = self.pod.control('GET', 'requests?changing=true')
        sent = {one['request_id'] for one in changes}
        self.assertIn(given, sent)
        given, own, _ = self.requested('/v1/nodes/one/register')
        self.assertIn(given, self.ironic.request_ids)
        ids = (f'request_id={own}', f'global_request_id={given}')
        self.assertTrue(self.lines(self.conductor, 'operation ends', *ids))

    def test_start(self):
        (line,) = self.lines(self.api, 'start program=valence-api')
        self.assertIn(f'config_files={self.service.config}', line)
        self.assertIn('version=', line)
        self.assertIn('sqlite:///', line)
        (line,) = self.lines(self.conductor, 'conductor registered')
        (found,) = self.client.all('/v1/conductors')
        self.assertIn(f'conductor={found["uuid"]}', line)
        self.assertIn(',rsd', line)

    def test_status(self):
        (line,) = self.lines(
            self.conductor, 'pod manager status', 'status=online'
        )
        self.assertIn('name=pod', line)


class TestJson(base.ServiceTestCase):
    @classmethod
    def start(cls):
        cls.service = cls.use(fixtures.Service(use_json=True, fake__systems=1))
        cls.process = cls.service.all_in_one()

    def test_each_line_is_an_object(self):
        self.service.client.get('/v1/nodes')
        self.process.wait_for('"path": "/v1/nodes"')
        lines = self.process.output().splitlines()
        events = [json.loads(line) for line in lines]
        (found,) = [
            event['extra']
            for event in events
            if event['extra'].get('path') == '/v1/nodes'
        ]
        self.assertEqual(200, found['status'])
        self.assertIsInstance(found['duration'], float)
