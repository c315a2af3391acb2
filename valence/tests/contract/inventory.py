# SPDX-License-Identifier: Apache-2.0
"""The contract: probing and reading the inventory."""

import re

from valence import objects
from valence.common import exception
from valence.conductor.inventory import diff
from valence.podmanagers import base as podmanagers
from valence.tests.contract import case

# The fields of hardware that drivers do not report.
_OWN = {
    *('uuid', 'podm_uuid', 'parent_uuid', 'chassis_uuid', 'node_uuid'),
    *('reserved_to', 'resource_uri', 'properties', 'synced_at', 'stale'),
    *('missing_since', 'missed_syncs', 'created_at', 'updated_at'),
    *('seen_at', 'refreshed', 'free', 'rack_uuid', 'sharers'),
    *('tags', 'inherited_tags', 'hold_uuid', 'condition_uuid'),
}
_KINDS = {
    'chassis': objects.Chassis,
    'systems': objects.System,
    'devices': objects.Device,
    'storages': objects.Storage,
}


class Inventory(case.Case):
    """A pod manager is recognized and read."""

    def test_probe(self):
        probe = self.driver.probe(self.soon())
        self.assertTrue(probe.capabilities <= self.driver_class.capabilities)
        self.assertTrue(probe.capabilities <= podmanagers.CAPABILITIES.keys())
        again = self.new_driver().probe(self.soon())
        self.assertEqual(probe, again)

    def test_it_says_what_it_is(self):
        self.assertTrue(self.driver_class.name)
        self.assertTrue(self.driver_class.description())

    def test_a_wrong_password(self):
        connection = self.at.unauthorized()
        if connection is None:
            self.skipTest('the endpoint requires no login')
        driver = self.new_driver(connection)
        for call in (driver.probe, driver.discover, driver.list_nodes):
            self.assertRaises(
                exception.AuthenticationFailed, call, self.soon()
            )

    def test_unreachable(self):
        if not self.remote:
            self.skipTest('it is in this process')
        connection = podmanagers.Connection('http://127.0.0.1:9', 'a', 'b')
        driver = self.new_driver(connection)
        for call in (driver.probe, driver.discover, driver.list_nodes):
            self.assertRaises(
                exception.PodManagerUnavailable, call, self.soon(5)
            )

    def test_a_deadline_that_has_passed(self):
        for call in (self.driver.probe, self.driver.discover):
            self.assertRaises(
                exception.PodManagerUnavailable, call, self.soon(-1)
            )

    def test_discover(self):
        seen = self.driver.discover(self.soon())
        self.assertTrue(seen.systems)
        uris = []
        for kind, cls in _KINDS.items():
            expected = cls.fields.keys() - _OWN
            for item in getattr(seen, kind):
                uris.append(item.uri)
                self.assertEqual(expected, item.values.keys(), item.uri)
                for name, value in item.values.items():
                    cls.fields[name].coerce(cls(), name, value)
        self.assertEqual(len(uris), len(set(uris)))

    def test_discover_again(self):
        first = self.driver.discover(self.soon())
        for driver in (self.driver, self.new_driver()):
            again = driver.discover(self.soon())
            for kind in _KINDS:
                self.assertEqual(
                    {i.uri: i.values for i in getattr(first, kind)},
                    {i.uri: i.values for i in getattr(again, kind)},
                )

    def test_refresh(self):
        whole = self.driver.discover(self.soon())
        known = {
            item.uri: item.values
            for kind in _KINDS
            for item in getattr(whole, kind)
        }
        asked = [item.uri for item in (*whole.systems[:2], *whole.devices[:2])]
        gone = whole.systems[0].uri + '0815'
        for driver in (self.driver, self.new_driver()):
            seen = driver.refresh([*asked, gone, '/no/such'], self.soon())
            items = {
                item.uri: item.values
                for kind in _KINDS
                for item in getattr(seen, kind)
            }
            self.assertTrue(set(asked) <= items.keys())
            for uri, values in items.items():
                self.assertEqual(known[uri], values)
            self.assertEqual({gone}, seen.gone - {'/no/such'})

    def test_unknown_forms_are_reported(self):
        """A response in an unknown form never means that something is gone."""
        self.need_faults()
        whole = self.driver.discover(self.soon())
        known = {item.uri for kind in _KINDS for item in getattr(whole, kind)}
        known |= {node.uri for node in whole.nodes}
        for kind in ('systems', 'devices', 'chassis'):
            for uri in [item.uri for item in getattr(whole, kind)][:1]:
                for place in (uri, uri.rpartition('/')[0]):
                    self.assertNothingGone(known, place)

    def assertNothingGone(self, known, uri):
        path = f'{re.escape(uri)}/?$'
        for fault, value in (
            ('status', 500),
            ('html', None),
            ('malformed', None),
            ('replace', {}),
            ('replace', [1]),
            ('replace', {'error': {'message': 'starting'}}),
            ('replace', {'Members@odata.count': 7}),
            ('replace', {'Members': 'many', 'devices': 'many'}),
        ):
            with self.at.fault(fault, value, method='GET', path=path) as hit:
                try:
                    seen = self.new_driver().discover(self.soon())
                except exception.PodManagerError:
                    continue
                struck = hit()
            if not struck:
                continue
            found = {
                item.uri for kind in _KINDS for item in getattr(seen, kind)
            }
            found |= {node.uri for node in seen.nodes}
            unread = tuple(seen.unread)
            lost = {
                one for one in known - found if not diff.is_unread(one, unread)
            }
            self.assertEqual(set(), lost, (fault, value, seen.unread))
            self.assertTrue(seen.problems, (fault, value))
