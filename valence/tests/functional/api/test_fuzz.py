# SPDX-License-Identifier: Apache-2.0
"""Random requests, made after the API's own description.

Some are right, most are wrong in a place or two. None may be answered with a
5xx, every error has the one form, and what is shown is as described.
"""

import json
import random
import re
import urllib.parse

import jsonschema
import referencing
import referencing.jsonschema

from valence.tests import base

_REQUESTS = 1500
_JUNK = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**30,
    1.5,
    1e300,
    '',
    ' ',
    '0',
    'latest',
    'null',
    'a/b',
    'a\nb',
    'a\0b',
    'x' * 300,
    'x' * 70000,
    '\U0001f600',
    'ä' * 255,
    '%',
    "' OR 1=1 --",
    '../../etc/passwd',
    '11111111-2222-3333-4444-555555555555',
    'http://127.0.0.1:1',
    [],
    [[]],
    [None],
    ['a', 'a'],
    {},
    {'': ''},
    {'a': {'b': []}},
)
_HEADERS = (
    {},
    {},
    {},
    {'OpenStack-API-Version': 'composable latest'},
    {'OpenStack-API-Version': 'composable 9.9'},
    {'OpenStack-API-Version': 'composable'},
    {'OpenStack-API-Version': ','},
    {'Content-Type': 'text/plain'},
    {'Content-Type': ''},
    {'Content-Type': 'application/json; charset=utf-16'},
    {'Accept': 'text/html'},
    {'X-OpenStack-Request-ID': 'x' * 500},
    {'Content-Encoding': 'gzip'},
    {'X-HTTP-Method-Override': 'DELETE'},
)


# The requests must have met all of these.
_STATUSES = {200, 201, 202, 400, 404, 405, 406, 409, 415}


class Generator:
    """Makes requests; the same ones for the same seed."""

    def __init__(self, document, seed):
        self.chance = random.Random(seed)
        self.document = document
        self.operations = [
            (path, method, item, operation)
            for path, item in sorted(document['paths'].items())
            for method, operation in sorted(item.items())
            if method != 'parameters'
        ]
        self.names = ['nobody', '11111111-2222-3333-4444-555555555555']
        self.known = {}
        self.chosen = ''
        self.count = 0

    def request(self):
        """Method, path with query, body as bytes or None, headers."""
        path, method, item, operation = self.chance.choice(self.operations)
        path = re.sub(r'{\w+}', lambda match: self._quoted(self._name()), path)
        query = [
            f'{parameter["name"]}={self._quoted(self._text(parameter))}'
            for parameter in operation.get('parameters', ())
            if self.chance.random() < 0.15
        ]
        if self.chance.random() < 0.05:
            query.append(f'{self._quoted(self._word())}=1')
        content = None
        if 'requestBody' in operation or self.chance.random() < 0.05:
            content = self._body(operation)
        if self.chance.random() < 0.05:
            method = self.chance.choice(
                ('get', 'post', 'put', 'patch', 'delete', 'head', 'options')
            )
        headers = self.chance.choice(_HEADERS)
        address = path + ('?' + '&'.join(query) if query else '')
        return method.upper(), address, content, dict(headers)

    @staticmethod
    def kind(path):
        """The collection that a path leads to."""
        return path.split('/')[2].split('?')[0].rstrip('s')

    def remember(self, path, body):
        """Take note of a resource that was made."""
        known = self.known.setdefault(self.kind(path), [])
        known[:] = [body['uuid'], body.get('name') or 'x', *known[:6]]
        self.names[2:] = [body['uuid'], *self.names[2:8]]

    @staticmethod
    def _quoted(text):
        return urllib.parse.quote(text, safe='', errors='replace')

    def _word(self):
        return str(self.chance.choice(_JUNK))[:2000]

    def _name(self):
        if self.chance.random() < 0.9:
            known = self.known.get(self.chosen) or self.names
            return self.chance.choice(known)
        return self._word() or 'x'

    def _text(self, parameter):
        if self.chance.random() < 0.3:
            return self._word()
        if parameter['name'] in ('limit',):
            return str(self.chance.randrange(-1, 5))
        if parameter['schema'].get('type') == 'boolean':
            return self.chance.choice(('true', 'false'))
        return self.chance.choice(
            [*self.names, 'name', 'uuid', 'asc', 'desc', 'created_at']
            + ['in:1,2', 'gte:3', 'ne:x', 'lt:', 'gt:x', 'active', 'online']
        )

    def _body(self, operation):
        if self.chance.random() < 0.05:
            return self.chance.choice((b'', b'{', b'[]', b'\xff', b'null'))
        content = operation.get('requestBody', {}).get('content', {})
        schema = content.get('application/json', {}).get('schema', {})
        body = self.value(schema)
        return json.dumps(body).encode('utf-8', 'surrogatepass')

    def value(self, schema, depth=0):
        """A value that fits a schema, mostly."""
        if self.chance.random() < 0.08 or depth > 6:
            return self.chance.choice(_JUNK)
        if '$ref' in schema:
            name = schema['$ref'].rpartition('/')[2]
            schema = self.document['components']['schemas'][name]
        for word in ('anyOf', 'oneOf'):
            if word in schema:
                return self.value(self.chance.choice(schema[word]), depth + 1)
        if 'enum' in schema:
            return self.chance.choice(schema['enum'])
        kind = schema.get('type', 'object')
        if isinstance(kind, list):
            kind = self.chance.choice(kind)
        return getattr(self, f'_{kind}')(schema, depth)

    def _null(self, schema, depth):
        return None

    def _boolean(self, schema, depth):
        return self.chance.random() < 0.5

    def _integer(self, schema, depth):
        least = schema.get('minimum', 0)
        return self.chance.choice((least, least + 1, 64, least - 1, 2**40))

    _number = _integer

    def _string(self, schema, depth):
        self.count += 1
        if 'uuid' in schema.get('format', ''):
            return self.chance.choice(self.names)
        return self.chance.choice(
            (f'name {self.count}', f'http://pod{self.count}')
            + (self.chance.choice(self.names), '12')
        )

    def _array(self, schema, depth):
        return [
            self.value(schema.get('items', {}), depth + 1)
            for _ in range(self.chance.randrange(3))
        ]

    def _object(self, schema, depth):
        required = schema.get('required', ())
        result = {
            name: self.value(part, depth + 1)
            for name, part in schema.get('properties', {}).items()
            if self.chance.random() < (0.95 if name in required else 0.3)
        }
        if self.chance.random() < 0.05:
            result[self._word()[:64]] = self.chance.choice(_JUNK)
        return result


class TestFuzz(base.ApiTestCase):
    seed = 1

    def setUp(self):
        super().setUp()
        self.document = self.client.get('/v1/openapi.json')
        self.registry = referencing.Registry().with_resource(
            'urn:api',
            referencing.jsonschema.DRAFT202012.create_resource(self.document),
        )

    def _check_form(self, answer, sent):
        if answer.status >= 400:
            self.assertEqual(answer.status, answer.error['status'], sent)
            self.assertTrue(answer.error['detail'], sent)
            self.assertLess(len(answer.content), 4000, sent)

    def _check_schema(self, answer, method, path, sent):
        for template, item in self.document['paths'].items():
            pattern = re.sub(r'{\w+}', '[^/]+', template) + r'/?(\?.*)?'
            operation = item.get(method.lower())
            if not operation or not re.fullmatch(pattern, path):
                continue
            found = operation['responses'].get(str(answer.status), {})
            schema = found.get('content', {}).get('application/json', {})
            text = json.dumps(schema.get('schema', {}))
            schema = json.loads(text.replace('"#/', '"urn:api#/'))
            jsonschema.Draft202012Validator(
                schema, registry=self.registry
            ).validate(answer.json)
            return True
        return False

    def test_no_request_is_answered_with_a_5xx(self):
        make = Generator(self.document, self.seed)
        statuses = {}
        for n in range(3 * _REQUESTS):
            if n >= _REQUESTS and statuses.keys() >= _STATUSES:
                break
            method, path, content, headers = make.request()
            sent = (method, path[:300], (content or b'')[:500], headers)
            answer = self.client.request(
                method, path, content=content, headers=headers
            )
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            self.assertLess(answer.status, 500, (sent, answer))
            if method == 'HEAD':
                self.assertEqual(b'', answer.content, sent)
                continue
            self._check_form(answer, sent)
            if answer.status in (200, 201, 202) and answer.content:
                self._check_schema(answer, method, path, sent)
                body = answer.json
                if answer.status in (201, 202) and 'uuid' in body:
                    make.remember(path, body)
        # The requests were not all alike.
        self.assertLessEqual(_STATUSES, statuses.keys())


class TestFuzzMySQL(TestFuzz):
    backend = 'mysql'
    seed = 2


class TestFuzzPostgreSQL(TestFuzz):
    backend = 'postgresql'
    seed = 4
