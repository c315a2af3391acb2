# SPDX-License-Identifier: Apache-2.0
"""Every path of the API is guarded, described and documented."""

import itertools
import json
import re

import jsonschema
import openapi_spec_validator

from valence import policies
from valence.api import dispatch
from valence.api import openapi
from valence.api import routes
from valence.api.controllers.v1 import base as v1_base
from valence.common import schemas
from valence.objects import requirements
from valence.tests import base

_DELIVERY = '/v1/events/{id}/{secret}'


def _lines():
    """Path, resource, controller, HTTP method, verb of every endpoint."""
    for path, resource, controller, methods in routes.ROUTES:
        for method, verb in methods.items():
            yield path, resource, controller, method, verb


def _api_rules():
    return {
        rule.name: rule
        for rule in policies.list_rules()
        if rule.name.startswith('composable:')
    }


def _schemas(node):
    """All objects in a document."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _schemas(inner)


class TestRoutes(base.TestCase):
    def test_paths_are_there_once(self):
        paths = [line[0] for line in routes.ROUTES]
        self.assertEqual(len(paths), len(set(paths)))

    def test_each_verb_has_a_spec_and_says_what_it_does(self):
        for path, _, controller, method, verb in _lines():
            handler = getattr(controller, verb)
            self.assertIsInstance(handler.spec, v1_base.Spec, path)
            self.assertTrue(handler.__doc__, (path, method))
            self.assertRegex(handler.__doc__.splitlines()[0], r'[.:]$')

    def test_each_endpoint_is_found(self):
        for path, resource, _, method, verb in _lines():
            parts = re.sub(r'{\w+}', 'some', path).split('/')
            found = dispatch.match(parts, method)[0]
            self.assertEqual(f'composable:{resource}:{verb}', found.rule)

    def test_each_endpoint_has_a_rule_that_names_it(self):
        rules = _api_rules()
        for path, resource, _, method, verb in _lines():
            rule = rules[f'composable:{resource}:{verb}']
            self.assertIn(
                {'method': method, 'path': f'/v1/{path}'}, rule.operations
            )

    def test_each_rule_guards_what_is_there(self):
        known = {(method, f'/v1/{p}') for p, _, _, method, _ in _lines()}
        for name, rule in _api_rules().items():
            self.assertTrue(rule.description, name)
            for operation in rule.operations:
                self.assertIn(
                    (operation['method'], operation['path']), known, name
                )

    def test_bodies_are_for_those_methods_that_have_one(self):
        for path, _, controller, method, verb in _lines():
            if getattr(controller, verb).spec.body:
                self.assertIn(method, ('POST', 'PUT', 'PATCH'), path)


class TestOpenAPI(base.TestCase):
    def setUp(self):
        super().setUp()
        self.document = openapi.document(routes.ROUTES, routes.PARAMETERS)

    def _operations(self):
        for path, item in self.document['paths'].items():
            for method, operation in item.items():
                if method != 'parameters':
                    yield path, method, operation

    def test_it_is_valid(self):
        openapi_spec_validator.validate(self.document)

    def test_each_endpoint_is_in_it_and_nothing_else(self):
        self.assertEqual(
            {(f'/v1/{p}', m.lower()) for p, _, _, m, _ in _lines()},
            {(path, method) for path, method, _ in self._operations()},
        )

    def test_operations_have_ids_of_their_own(self):
        ids = [op['operationId'] for _, _, op in self._operations()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_parameters_of_paths_are_declared(self):
        for path, item in self.document['paths'].items():
            self.assertEqual(
                re.findall(r'{(\w+)}', path),
                [p['name'] for p in item['parameters'] if 'name' in p],
            )

    def test_schemas_are_schemas(self):
        bodies = [
            operation['requestBody']['content']['application/json']['schema']
            for _, _, operation in self._operations()
            if 'requestBody' in operation
        ]
        self.assertTrue(bodies)
        for schema in itertools.chain(
            bodies, self.document['components']['schemas'].values()
        ):
            jsonschema.Draft202012Validator.check_schema(schema)

    def _bodies(self):
        for path, method, operation in self._operations():
            if 'requestBody' in operation:
                body = operation['requestBody']
                schema = body['content']['application/json']['schema']
                yield (path, method), body['required'], schema

    def _parts(self, schema):
        """A schema and those of its parts."""
        if '$ref' in schema:
            name = schema['$ref'].rpartition('/')[2]
            schema = self.document['components']['schemas'][name]
        yield schema
        for part in schema.get('properties', {}).values():
            yield from self._parts(part)
        if isinstance(schema.get('items'), dict):
            yield from self._parts(schema['items'])

    def test_bodies_have_limits(self):
        limits = {
            'string': {'maxLength', 'enum'},
            'array': {'maxItems'},
            'object': {'additionalProperties'},
        }
        for where, _, schema in self._bodies():
            for part in self._parts(schema):
                types = part.get('type', ())
                for type_ in [types] if isinstance(types, str) else types:
                    known = limits.get(type_, {*part})
                    self.assertTrue(known & {*part}, (where, part))

    def test_parameters_have_limits(self):
        limits = {'maxLength', 'enum', 'minimum'}
        for path, _, operation in self._operations():
            for parameter in (
                *operation.get('parameters', ()),
                *self.document['paths'][path]['parameters'],
                *self.document['components']['parameters'].values(),
            ):
                schema = parameter.get('schema', {'type': 'boolean'})
                self.assertTrue(
                    schema['type'] == 'boolean' or limits & {*schema},
                    (path, parameter),
                )

    def test_a_body_is_required_if_it_cannot_be_empty(self):
        required = {where: needed for where, needed, _ in self._bodies()}
        self.assertTrue(required['/v1/nodes', 'post'])
        self.assertTrue(required['/v1/nodes/{id}/action', 'post'])
        self.assertFalse(required['/v1/nodes/{id}/register', 'post'])
        self.assertFalse(required['/v1/nodes/preview', 'post'])

    def _contents(self):
        """The bodies of requests and successful responses."""
        for path, method, operation in self._operations():
            if 'requestBody' in operation:
                yield (path, method), operation['requestBody']['content']
            for status, answer in operation['responses'].items():
                if status[0] == '2' and 'content' in answer:
                    yield (path, method, status), answer['content']

    def test_each_body_has_an_example_that_fits(self):
        for where, content in self._contents():
            if where[0] == _DELIVERY:
                # It takes what pod managers send.
                continue
            body = content['application/json']
            jsonschema.Draft202012Validator(
                # Its references are of the document.
                {**body['schema'], 'components': self.document['components']},
                format_checker=jsonschema.FormatChecker(),
            ).validate(body['example'])

    def test_each_answer_has_a_closed_schema(self):
        for path, method, operation in self._operations():
            for status, answer in operation['responses'].items():
                if status[0] != '2':
                    continue
                self.assertTrue(answer['headers'], (path, method))
                if status == '204':
                    self.assertNotIn('content', answer)
                    continue
                schema = answer['content']['application/json']['schema']
                closed = (
                    'unevaluatedProperties'
                    if '$ref' in schema
                    else 'additionalProperties'
                )
                self.assertIs(False, schema[closed], (path, method))

    def test_each_operation_names_its_errors(self):
        for path, method, operation in self._operations():
            statuses = {*operation['responses']}
            self.assertNotIn('default', statuses)
            self.assertLessEqual(
                {'400', '406', '413', '415', '503'}, statuses, path
            )
            self.assertEqual('{' in path, '404' in statuses, path)
            is_public = operation.get('security') == []
            self.assertEqual(path == _DELIVERY, is_public)
            self.assertEqual(not is_public, '401' in statuses, path)
            self.assertTrue(method == 'get' or '409' in statuses, path)

    def test_references_lead_somewhere(self):
        text = repr(self.document)
        for kind, known in self.document['components'].items():
            found = set(re.findall(rf'#/components/{kind}/([\w-]+)', text))
            self.assertLessEqual(found, set(known))

    def test_each_schema_is_written_once(self):
        """What a component declares is nowhere else in the document."""
        components = self.document['components']['schemas']
        text = json.dumps([self.document['paths'], components])
        for name in requirements.COMPONENTS:
            self.assertIn(f'"{schemas.pointer(name)}"', text)
            properties = json.dumps(components[name]['properties'])
            self.assertEqual(1, text.count(properties), name)

    def test_each_pattern_has_a_title(self):
        """Errors say that instead of the pattern."""
        found = [one for one in _schemas(self.document) if 'pattern' in one]
        self.assertTrue(found)
        for one in found:
            if isinstance(one['pattern'], str):
                self.assertIn('title', one)

    def test_no_secret_is_shown(self):
        schemas = self.document['components']['schemas']
        self.assertNotIn('password', schemas['PodManager']['properties'])
