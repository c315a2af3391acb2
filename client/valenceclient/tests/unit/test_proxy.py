# SPDX-License-Identifier: Apache-2.0
import inspect
import unittest
from unittest import mock

from openstack import exceptions

from valenceclient.v1 import proxy
from valenceclient.v1 import resources

_KINDS = {
    **{'pod_manager': 'pod_managers', 'chassis': 'chassis', 'rack': 'racks'},
    **{'system': 'systems', 'device': 'devices', 'storage': 'storages'},
    **{'flavor': 'flavors', 'hold': 'holds', 'pool': 'pools'},
    **{'node': 'nodes', 'operation': 'operations', 'finding': 'findings'},
    **{'condition': 'conditions', 'event': 'events'},
    **{'driver': 'drivers', 'conductor': 'conductors'},
}


class Proxy(unittest.TestCase):
    """The methods have the names and signatures of openstacksdk's."""

    def setUp(self):
        super().setUp()
        self.proxy = proxy.Proxy(mock.Mock())

    def methods(self, verb):
        """Yield the methods with a verb, and their kinds of resources."""
        for kind in _KINDS:
            method = getattr(self.proxy, f'{verb}_{kind}', None)
            if method is not None:
                self.assertEqual(f'{verb}_{kind}', method.__name__)
                name = kind.title().replace('_', '')
                yield method, getattr(resources, name)

    def verify(self, method, given, below, expected):
        """A method passes this on to one of openstacksdk's proxy.

        :param given: positional and keyword arguments of the method.
        :param expected: those of the other one.
        """
        with mock.patch.object(proxy.Proxy, below, autospec=True) as passed_on:
            made = method(*given[0], **given[1])
        self.assertIs(passed_on.return_value, made)
        passed_on.assert_called_once_with(
            self.proxy, *expected[0], **expected[1]
        )

    def test_lists(self):
        for kind, name in _KINDS.items():
            method = getattr(self.proxy, name)
            self.assertEqual(name, method.__name__)
            with self.subTest(name):
                found = inspect.signature(method).parameters
                self.assertEqual(['max_items', 'query'], [*found])
                type_ = kind.title().replace('_', '')
                self.assertTrue(getattr(resources, type_).allow_list)

    def test_get(self):
        for method, kind in self.methods('get'):
            self.assertTrue(kind.allow_fetch)
            self.verify(method, (['id'], {}), '_get', ([kind, 'id'], {}))

    def test_create(self):
        for method, kind in self.methods('create'):
            self.assertTrue(kind.allow_create)
            given = {'x': 1, 'name': 'n'}
            self.verify(method, ([], given), '_create', ([kind], given))

    def test_update(self):
        for method, kind in self.methods('update'):
            self.assertTrue(kind.allow_commit)
            given = {'x': 1, 'name': 'n'}
            expected = ([kind, 'id'], given)
            self.verify(method, (['id'], given), '_update', expected)

    def test_delete(self):
        for method, kind in self.methods('delete'):
            self.assertTrue(kind.allow_delete)
            with mock.patch.object(kind, 'delete', autospec=True) as delete:
                found = method('id', cascade='true')
                (one, session), given = delete.call_args
                self.assertIs(one, found)
                self.assertEqual(('id', self.proxy), (one.id, session))
                self.assertEqual({'params': {'cascade': 'true'}}, given)
                delete.side_effect = exceptions.NotFoundException
                self.assertIsNone(method('id'))
                with self.assertRaises(exceptions.NotFoundException):
                    method('id', ignore_missing=False)

    def test_find(self):
        for method, kind in self.methods('find'):
            self.assertEqual(
                ['name_or_id', 'ignore_missing'],
                [*inspect.signature(method).parameters],
            )
            self.verify(method, (['n'], {}), '_get', ([kind, 'n'], {}))

    def test_what_can_be_got_can_be_found(self):
        found = {kind for _, kind in self.methods('find')}
        self.assertEqual({kind for _, kind in self.methods('get')}, found)

    def test_find_nothing(self):
        def raise_not_found(*args, **kwargs):
            raise exceptions.NotFoundException

        self.proxy._get = raise_not_found
        for method, _ in self.methods('find'):
            self.assertIsNone(method('none'))
            with self.assertRaises(exceptions.NotFoundException):
                method('none', ignore_missing=False)
