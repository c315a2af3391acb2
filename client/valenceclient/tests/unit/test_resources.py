# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest import mock

from openstack import proxy
from openstack import resource as sdk_resource

from valenceclient import schema
from valenceclient.v1 import resources

_CLASSES = {
    name: getattr(resources, name)
    for name in resources.__all__
    if name != 'Resource'
}
# In some versions of openstacksdk, what makes them is a function.
_BODY = type(vars(resources.Node)['description'])
_URI = type(vars(resources.Access)['pod_manager'])
_VERBS = {
    'post': 'allow_create',
    'get': 'allow_fetch',
    'patch': 'allow_commit',
    'delete': 'allow_delete',
}


class Resources(unittest.TestCase):
    """The classes are like those in openstacksdk."""

    def test_every_field_of_the_document_is_an_attribute(self):
        for name, kind in _CLASSES.items():
            path = kind.base_path[1:]
            fields = schema.fields(path) - {'uuid', 'name'}
            fields |= schema.body('post', path)['properties'].keys() - {'name'}
            for field in fields:
                found = vars(kind).get(field) or kind.id
                self.assertIsInstance(found, _BODY, (name, field))
                self.assertEqual(field, found.name)

    def test_fields_hide_no_method(self):
        known = {
            name
            for name in dir(sdk_resource.Resource)
            if callable(getattr(sdk_resource.Resource, name))
        }
        for name, kind in _CLASSES.items():
            declared = {
                name
                for name, one in vars(kind).items()
                if isinstance(one, _BODY | _URI)
            }
            self.assertEqual(set(), declared & known, name)

    def test_what_the_document_has_is_allowed(self):
        paths = schema.document()['paths']
        for name, kind in _CLASSES.items():
            one = paths.get(f'/v1{kind.base_path}/{{id}}', {})
            for method in one.keys() & _VERBS.keys():
                self.assertTrue(getattr(kind, _VERBS[method]), (name, method))
            many = paths.get(f'/v1{kind.base_path}', {})
            self.assertEqual('post' in many, kind.allow_create and bool(many))

    def test_fields_that_were_not_returned_are_none(self):
        node = resources.Node.existing(uuid='u', name='n')
        self.assertEqual(('u', 'u', 'n'), (node.id, node.uuid, node.name))
        self.assertIsNone(node.description)
        self.assertEqual({'uuid': 'u', 'name': 'n'}, node.api_fields())

    def test_fields_of_a_newer_service(self):
        node = resources.Node.existing(uuid='u', colour='red')
        self.assertEqual('red', node.colour)
        self.assertEqual('red', node.api_fields()['colour'])

    def test_only_the_service_filters(self):
        """Also by a field of which this client knows no filter."""
        response = mock.Mock(status_code=200, links={}, headers={})
        response.json.return_value = {
            'nodes': [{'uuid': 'u', 'description': 'blue car'}]
        }
        session = mock.Mock(spec=proxy.Proxy)
        session.default_microversion = None
        session.get.return_value = response
        asked = {'description': 'contains:blue', 'colour': 'red'}
        found = [*resources.Node.list(session, **asked)]
        self.assertEqual(['u'], [one.id for one in found])
        self.assertEqual(asked, session.get.call_args.kwargs['params'])
