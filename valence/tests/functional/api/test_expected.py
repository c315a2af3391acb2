# SPDX-License-Identifier: Apache-2.0
"""The hardware that should be on a pod manager, and what differs."""

from valence.tests import base

_PATH = '/v1/pod_managers/pod/expected'


class TestExpected(base.ConductorTestCase):
    options = {'fake__systems': 3, 'fake__devices': 1}

    def setUp(self):
        super().setUp()
        self.conf.set(oslo_middleware__max_request_body_size=2**20)
        self.fake = self.pod()
        for number in (1, 2, 3):
            self.values(number)['serial_number'] = f'SN{number}'
        self.sync()

    def values(self, number):
        return self.fake.hardware[f'/systems/{number}'].values

    def sync(self):
        self.done('POST', '/v1/pod_managers/pod/sync')

    def put(self, **body):
        answer = self.client.request('PUT', _PATH, body)
        self.assertEqual(200, answer.status, answer)
        return answer.json['parts']

    def report(self):
        found = self.client.get(f'{_PATH}/report')['report']
        return {
            name: [one['serial_number'] for one in entries]
            for name, entries in found.items()
            if entries
        }

    def test_snapshot(self):
        count = self.client.post(f'{_PATH}/snapshot', {})['parts']
        self.assertEqual(count, len(self.client.all(_PATH)))
        self.assertEqual({}, self.report())
        self.values(1)['cpu_cores'] += 1
        del self.fake.hardware['/systems/2']
        self.sync()
        self.assertEqual(
            {'missing': ['SN2'], 'different': ['SN1']}, self.report()
        )
        findings = self.client.all('/v1/findings?state=open')
        self.assertEqual(
            {'missing_part', 'different_part'},
            {one['kind'] for one in findings},
        )
        self.client.post(f'{_PATH}/snapshot', {})
        self.sync()
        self.assertEqual([], self.client.all('/v1/findings?state=open'))

    def test_csv(self):
        text = 'serial,type,place,cpu_cores\nSN1,system,,9999\nSN7,system,,\n'
        self.assertEqual(2, self.put(csv=text))
        self.assertEqual(
            {
                'missing': ['SN7'],
                'unexpected': ['SN2', 'SN3'],
                'different': ['SN1'],
            },
            self.report(),
        )

    def send(self, content, kind='text/csv'):
        content = content if isinstance(content, bytes) else content.encode()
        headers = {'Content-Type': kind}
        return self.client.request('PUT', _PATH, None, headers, content)

    def test_csv_as_the_body(self):
        # As spreadsheets write it.
        text = '\ufefftype,serial\r\nsystem,SN1\r\n,\r\nsystem,SN2\r\n'
        answer = self.send(text, 'text/csv; charset=utf-8')
        self.assertEqual({'parts': 2}, answer.json)
        self.assertEqual({'unexpected': ['SN3']}, self.report())
        self.assertIn('not valid UTF-8', self.send(b'\xff').error['detail'])
        self.assertEqual(415, self.send(text, 'text/plain').status)
        self.assertEqual(
            415, self.send(text, 'text/csv; charset=latin-1').status
        )
        for path in ('/v1/flavors', '/v1/nowhere'):
            answer = self.client.request(
                *('POST', path, None, {'Content-Type': 'text/csv'}),
                content=text.encode(),
            )
            self.assertEqual(415, answer.status, path)

    def test_bad_csv(self):
        for reason, text in (
            ('not valid CSV', f'type,serial\nsystem,{"x" * 200000}\n'),
            ('unknown column colour', 'type,colour\nsystem,red\n'),
            ('two columns serial_number', 'type,serial,serial_number\n'),
            ('no type', 'serial\nSN1\n'),
            ('csv.3: more cells', 'type,serial\na,b\na,b,c\n'),
            ('a place', 'type,serial\nsystem,\n'),
            ('csv.2: not valid', 'type,serial\na,"SN1\na,SN2\n'),
            ('csv.3.cpu_cores', 'type,serial,cpu_cores\na,b,1\na,c,ten\n'),
            ('csv.2.cpu_cores', 'type,serial,cpu_cores\na,b,-5\n'),
            ('csv.2.cpu_cores', 'type,serial,cpu_cores\na,b,1e3\n'),
            ('csv.2.model', f'type,serial,model\na,b,{"x" * 300}\n'),
            ('csv.3: has the serial', 'type,serial\na,SN1\na,SN1\n'),
        ):
            answer = self.send(text)
            self.assertEqual(400, answer.status, reason)
            self.assertIn(reason, answer.error['detail'])

    def test_json(self):
        parts = [
            {'type': 'system', 'serial_number': f'SN{n}', 'place': place}
            for n, place in ((1, None), (2, 'elsewhere'), (3, None))
        ]
        self.assertEqual(3, self.put(parts=parts))
        self.assertEqual({'moved': ['SN2']}, self.report())
        self.assertEqual(0, self.put(parts=[]))
        self.assertEqual({}, self.report())

    def test_numbers_and_words_of_spreadsheets(self):
        system = self.client.all('/v1/systems')[0]
        cores, model = system['cpu_cores'], system['model'].upper()
        lines = [
            f'SYSTEM,{one["serial_number"]},{text},{model}'
            for one, text in zip(
                self.client.all('/v1/systems'),
                (f'{cores}.0', f'0{cores}', f'{cores}'),
                strict=True,
            )
        ]
        names = 'type,serial,cpu_cores,model'
        answer = self.send(
            '\n'.join([names, *lines]), 'text/csv; header=present'
        )
        self.assertEqual(200, answer.status, answer)
        self.assertEqual({}, self.report())

    def test_parts_that_look_alike(self):
        for number in (1, 2, 3):
            self.values(number).update(serial_number=None, name='sled')
        self.sync()
        self.client.post(f'{_PATH}/snapshot', {})
        self.assertEqual({}, self.report())

    @staticmethod
    def part(**properties):
        return {
            'type': 'system',
            'serial_number': 'SN1',
            'properties': properties,
        }

    def test_bad_input(self):
        for field, body in (
            ('parts', {'parts': [{'serial_number': 'SN1'}]}),
            ('parts.0', {'parts': [{'type': 'system'}]}),
            ('colour', {'csv': 'type,colour\nsystem,red\n'}),
            ('csv', {'csv': ''}),
            ('csv.2.type', {'csv': 'type,serial\n,SN1\n'}),
            ('cpu_cores', {'parts': [self.part(cpu_cores=-5)]}),
            ('cpu_cores', {'parts': [self.part(cpu_cores='64')]}),
            ('cpu_cores', {'parts': [self.part(cpu_cores=10**30)]}),
            ('parts.1', {'parts': [self.part(), self.part()]}),
        ):
            self.assertRefused(400, field, 'PUT', _PATH, body)
