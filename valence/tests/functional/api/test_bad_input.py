# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent: a 4xx in the error form that names what is wrong."""

from valence.tests import base

_PODS = '/v1/pod_managers'
_GOOD = {'name': 'pod', 'url': 'http://podm'}
_UUID = '11111111-2222-3333-4444-555555555555'


class TestFields(base.ApiTestCase):
    """Every field of a body, wrong in every way."""

    def assertBad(self, field, value):
        self.assertRefused(400, field, 'POST', _PODS, {**_GOOD, field: value})
        self.assertRefused(
            400, field, 'PATCH', f'{_PODS}/present', {field: value}
        )

    def setUp(self):
        super().setUp()
        self.client.post(_PODS, {'name': 'present', 'url': 'http://p'})

    def test_wrong_type(self):
        for field in (
            'name',
            'url',
            'driver',
            'username',
            'password',
            'auth_type',
            'ca_cert',
            'description',
            'location',
        ):
            for value in (1, 1.5, True, [], ['a'], {}, {'a': 1}):
                self.assertBad(field, value)
        for field in ('insecure', 'maintenance'):
            for value in (0, 1, 'true', 'yes', '', [], {}, 1.5):
                self.assertBad(field, value)

    def test_null(self):
        for field in ('name', 'url', 'auth_type', 'insecure', 'maintenance'):
            self.assertBad(field, None)

    def test_too_long(self):
        for field, limit in (
            ('name', 255),
            ('username', 255),
            ('password', 1024),
            ('description', 1024),
            ('location', 255),
        ):
            self.assertBad(field, 'x' * (limit + 1))
            self.assertBad(field, '\U0001f600' * (limit + 1))
            # Two more letters: names must differ from the one that is there.
            longest = 'ä' * limit
            body = {**_GOOD, 'name': field, field: longest}
            self.client.delete(
                f'{_PODS}/{self.client.post(_PODS, body)["uuid"]}'
            )
        self.assertBad('url', 'http://' + 'x' * 506)

    def test_null_characters(self):
        for field in ('name', 'url', 'username', 'password', 'description'):
            self.assertBad(field, 'a\0b')

    def test_half_of_a_character(self):
        for field in ('name', 'username', 'password', 'description'):
            content = b'{"name":"x","url":"http://x","%s":"\\ud800"}'
            self.assertRefused(
                400, None, 'POST', _PODS, content=content % field.encode()
            )

    def test_names(self):
        for name in (
            '',
            ' ',
            ' a',
            'a ',
            'a/b',
            '/',
            'a\nb',
            'a\x7f',
            'a\u200eb',
            _UUID,
            _UUID.upper(),
            _UUID.replace('-', ''),
        ):
            self.assertBad('name', name)

    def test_urls(self):
        for url in (
            '',
            'podm',
            'ftp://podm',
            'http://',
            'http://podm:99999',
            'http://me:secret@podm',
            'http://podm/#here',
            'http://po dm',
            'http://podm\\@evil' + '\n',
        ):
            self.assertBad('url', url)

    def test_urls_of_proxies(self):
        for url in (
            '',
            'proxy:3128',
            'socks5://proxy',
            'http://me:secret@proxy',
            'http://proxy/path',
            'http://pro xy',
            1,
        ):
            self.assertBad('proxy_url', url)

    def test_limits_of_its_own(self):
        for field, greatest in (
            ('timeout', 3600),
            ('max_parallel', 1000),
            ('sync_interval', 2592000),
        ):
            for value in (0, -1, greatest + 1, 2**63, 1.5, '1', True, []):
                self.assertBad(field, value)
            for value in (1, greatest, None):
                body = self.client.patch(f'{_PODS}/present', {field: value})
                self.assertEqual(value, body[field])

    def test_words(self):
        self.assertBad('auth_type', 'digest')
        self.assertBad('driver', 'none-such')
        self.assertBad('ca_cert', 'not a certificate')

    def test_unknown(self):
        for field in ('colour', 'Name', '__class__', '', 'x' * 500):
            self.assertRefused(
                400, field[:20], 'POST', _PODS, {**_GOOD, field: 'x'}
            )

    def test_not_for_the_asker_to_set(self):
        for field in ('uuid', 'status', 'created_at', 'capabilities'):
            self.assertBad(field, 'x')

    def test_missing(self):
        for field in _GOOD:
            body = {n: v for n, v in _GOOD.items() if n != field}
            self.assertRefused(400, field, 'POST', _PODS, body)
        self.assertRefused(400, None, 'POST', _PODS, {})
        self.assertRefused(400, None, 'POST', _PODS)

    def test_nothing_of_it_was_stored(self):
        self.test_wrong_type()
        self.test_missing()
        self.assertEqual(1, len(self.client.all(_PODS)))


class TestNodes(base.ApiTestCase):
    def test_create(self):
        for field, body in (
            ('name', {}),
            ('name', {'name': 'a/b'}),
            ('name: must be none of', {'name': 'preview'}),
            ('properties', {'name': 'n', 'properties': []}),
            ('properties', {'name': 'n', 'properties': None}),
            ('cpu', {'name': 'n', 'properties': {'cpu': {}}}),
            (
                'processor.total_cores',
                {
                    'name': 'n',
                    'properties': {'processor': {'total_cores': 'many'}},
                },
            ),
            ('pod_manager', {'name': 'n', 'pod_manager': 'none'}),
            ('pod_manager', {'name': 'n', 'pod_manager': _UUID}),
            ('pod_manager', {'name': 'n', 'pod_manager': 1}),
            ('pod_manager', {'name': 'n', 'pod_manager': []}),
            ('podm_uuid', {'name': 'n', 'podm_uuid': _UUID}),
            ('provision_state', {'name': 'n', 'provision_state': 'active'}),
        ):
            self.assertRefused(400, field, 'POST', '/v1/nodes', body)
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertEqual([], self.client.all('/v1/operations'))

    def test_action(self):
        self.client.post('/v1/nodes', {'name': 'n'})
        for body in (
            {},
            {'Reset': {}},
            {'Reset': None},
            {'Reset': {'Type': 'Kick'}},
            {'Reset': {'Type': None}},
            {'Reset': {'Type': 'On', 'Hard': True}},
            {'Reset': {'Type': 'On'}, 'Other': {}},
            {'Explode': {}},
        ):
            self.assertRefused(400, None, 'POST', '/v1/nodes/n/action', body)

    def test_change(self):
        self.client.post('/v1/nodes', {'name': 'n'})
        self.client.post('/v1/nodes', {'name': 'm'})
        for field, value in (
            ('name', None),
            ('name', ''),
            ('properties', {}),
            ('pod_manager', 'x'),
            ('description', 5),
        ):
            self.assertRefused(
                400, field, 'PATCH', '/v1/nodes/n', {field: value}
            )
        self.assertRefused(409, 'name', 'PATCH', '/v1/nodes/n', {'name': 'm'})

    def test_the_body_is_checked_before_the_database(self):
        """What is wrong in itself wins over what is not in the database."""
        body = {
            'name': 'n',
            'pod_manager': 'none',
            'flavor': 'none',
            'resources': ['none'],
        }
        self.assertRefused(
            400, 'both flavor and resources', 'POST', '/v1/nodes', body
        )
        wrong = {'affinity': {'scope': 'room', 'with': ['none']}}
        for path in ('/v1/nodes', '/v1/nodes/preview'):
            given = {} if path.endswith('preview') else {'name': 'n'}
            self.assertRefused(
                *(400, 'affinity.scope', 'POST', path),
                {**given, **wrong, 'pod_manager': 'none'},
            )
            self.assertRefused(
                *(400, 'resources.0', 'POST', path),
                {**given, 'resources': [1], 'pod_manager': 'none'},
            )
        self.assertRefused(
            *(400, 'register.traits', 'POST', '/v1/nodes'),
            {'name': 'n', 'flavor': 'none', 'register': {'traits': ['a']}},
        )
        self.assertRefused(
            *(400, 'field name', 'POST', '/v1/nodes/manage'),
            {'name': 'a/b', 'pod_manager': 'none', 'resource_uri': '/1'},
        )
        for path, body in (
            ('nodes/none/action', {'reset': {'Type': 'Kick'}}),
            ('nodes/none/register', {'traits': 'A'}),
            ('pod_managers/none/access', {'project_id': 'a b'}),
        ):
            self.assertRefused(400, None, 'POST', f'/v1/{path}', body)
        for path in ('nodes', 'flavors', 'pod_managers'):
            self.assertRefused(
                400, 'field name', 'PATCH', f'/v1/{path}/none', {'name': ''}
            )

    def test_names_are_there_once(self):
        self.client.post('/v1/nodes', {'name': 'n'})
        self.assertRefused(409, 'name', 'POST', '/v1/nodes', {'name': 'n'})
        self.assertEqual(1, len(self.client.all('/v1/operations')))

    def test_a_pod_manager_that_is_not_online(self):
        self.client.post(_PODS, _GOOD)
        self.assertRefused(
            409,
            'not contacted yet',
            'POST',
            '/v1/nodes',
            {'name': 'n', 'pod_manager': 'pod'},
        )


class TestBodies(base.ApiTestCase):
    def _send(self, content, status=400, field=None, kind='application/json'):
        return self.assertRefused(
            status,
            field,
            'POST',
            _PODS,
            content=content,
            headers={'Content-Type': kind},
        )

    def test_not_json(self):
        for content in (
            b'{',
            b'name=pod',
            b'{"name": }',
            b"{'name': 'pod'}",
            b'{"name": "pod",}',
            b'{"name": NaN}',
            b'\xff\xfe',
            b'{"name": "\xff"}',
            b'<pod/>',
            b'\0',
        ):
            self._send(content, field='JSON')

    def test_not_an_object(self):
        for content in (b'[]', b'"x"', b'1', b'null', b'true', b'[{}]'):
            self._send(content, field='object')

    def test_other_types(self):
        for kind in (
            'text/plain',
            'application/xml',
            'multipart/form-data; boundary=x',
            'application/x-www-form-urlencoded',
            'x' * 3000,
            'multipart/form-data',
            'multipart/form-data; boundary=',
            'application/json; charset=nope',
            ';;;=,',
            '',
        ):
            self._send(b'{"name": "x"}', 415, 'application/json', kind)

    def test_forms_are_not_parsed(self):
        for method, path in (
            ('GET', '/v1/nodes'),
            ('DELETE', '/v1/nodes/x'),
            ('PUT', '/v1/flavors/x'),
            ('POST', '/v1/events/0/0'),
        ):
            self.assertRefused(
                415,
                'multipart',
                method,
                path,
                content=b'x',
                headers={'Content-Type': 'multipart/form-data'},
            )

    def test_json_by_its_other_names(self):
        for n, kind in enumerate(
            ('application/json; charset=utf-8', 'Application/JSON')
        ):
            body = b'{"name": "pod%d", "url": "http://%d"}' % (n, n)
            answer = self.client.request(
                'POST', _PODS, content=body, headers={'Content-Type': kind}
            )
            self.assertEqual(201, answer.status, answer)

    def test_ten_megabytes(self):
        content = b'{"name": "' + b'x' * 10 * 2**20 + b'"}'
        self._send(content, 413)

    def test_ten_thousand_levels(self):
        for begin, end in ((b'[', b']'), (b'{"a":', b'}')):
            deep = begin * 10000 + b'1' + end * 10000
            self._send(deep)
            self._send(b'{"name": "n", "url": ' + deep + b'}')
            self.assertRefused(
                400,
                None,
                'POST',
                '/v1/nodes',
                content=b'{"name": "n", "properties": ' + deep + b'}',
            )
            self.assertRefused(
                400,
                None,
                'POST',
                '/v1/nodes',
                content=b'{"name": "n", "properties": {"memory": '
                + deep
                + b'}}',
            )

    def test_as_many_levels_as_the_parser_takes(self):
        for levels in (900, 1000, 1020):
            deep = b'{"a":' * levels + b'1' + b'}' * levels
            for field in (b'name', b'properties', b'resources', b'colour'):
                self.assertRefused(
                    400,
                    None,
                    'POST',
                    '/v1/nodes',
                    content=b'{"%s": %s}' % (field, deep),
                )

    def test_a_hundred_levels(self):
        deep = b'{"a":' * 100 + b'1' + b'}' * 100
        self.assertRefused(
            400,
            'properties',
            'POST',
            '/v1/nodes',
            content=b'{"name": "n", "properties": ' + deep + b'}',
        )

    def test_huge_numbers(self):
        for number in (b'1e400', b'9' * 400, b'-0', b'1' * 5000):
            self._send(b'{"name": "n", "url": %s}' % number)

    def test_the_last_of_two_counts_or_none(self):
        answer = self.client.request(
            'POST', _PODS, content=b'{"name":"a","name":"b","url":"http://x"}'
        )
        self.assertIn(answer.status, (201, 400))
        if answer.status == 201:
            self.assertEqual('b', answer.json['name'])
