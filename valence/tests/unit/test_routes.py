# SPDX-License-Identifier: Apache-2.0
"""Every path of the API is guarded, described and documented."""

import itertools
import re

import jsonschema
import openapi_spec_validator

from valence import policies
from valence.api import dispatch
from valence.api import openapi
from valence.api import routes
from valence.api.controllers.v1 import base as v1_base
from valence.tests import base


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
                [p['name'] for p in item.get('parameters', ())],
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

    def test_references_lead_somewhere(self):
        known = self.document['components']['schemas']
        text = repr(self.document)
        found = set(re.findall(r'#/components/schemas/(\w+)', text))
        self.assertLessEqual(found, set(known))
        self.assertIn('PodManager', found)

    def test_no_secret_is_shown(self):
        schemas = self.document['components']['schemas']
        self.assertNotIn('password', schemas['PodManager']['properties'])
