# SPDX-License-Identifier: Apache-2.0
"""Where nodes are, and what is set and shown of them, in Ironic."""

import dataclasses

from openstack.baremetal.v1 import node as sdk_node

from valence.common import exception
from valence.provisioning import base as provisioning
from valence.tests.unit import test_ironic
from valence.tests.unit.test_ironic import MAC

# The newest version of the API that openstacksdk speaks.
_NEWEST = int(sdk_node.Node._max_microversion.partition('.')[2])


class TestSite(test_ironic.IronicTestCase):
    def site(self, conductor_group=None, shard=None, **places):
        return provisioning.Site(places, conductor_group, shard)

    def extra(self, one):
        return self.node(one)['extra']

    def test_extra_has_the_places(self):
        one = test_ironic.machine(
            site=self.site(pod_manager='east', rack='r7')
        )
        self.register(one)
        self.assertEqual(
            {
                'valence': one.mark,
                'valence_pod_manager': 'east',
                'valence_rack': 'r7',
            },
            self.extra(one),
        )

    def test_group_and_shard(self):
        one = test_ironic.machine(site=self.site('East', 's1'))
        registration = self.register(one)
        node = self.node(one)
        self.assertEqual(
            ('east', 's1'), (node['conductor_group'], node['shard'])
        )
        self.assertEqual({}, self.differences(one, registration))
        node['shard'] = 's2'
        self.assertEqual(
            {'shard': ['s1', 's2']}, self.differences(one, registration)
        )

    def test_a_group_without_a_conductor(self):
        one = test_ironic.machine(site=self.site('west'))
        exc = self.assertRaises(
            exception.ProvisioningRejected, self.register, one
        )
        self.assertIn('west', str(exc))

    def test_others_may_choose_what_was_not_chosen(self):
        one = test_ironic.machine()
        registration = self.register(one)
        self.node(one).update(shard='theirs', conductor_group='east')
        self.node(one)['extra']['theirs'] = 1
        self.assertEqual({}, self.differences(one, registration))
        self.register(dataclasses.replace(one, registered=registration))
        node = self.node(one)
        self.assertEqual(
            ('theirs', 'east'), (node['shard'], node['conductor_group'])
        )
        self.assertEqual(1, node['extra']['theirs'])

    def update(self, one, registration, site):
        self.there.asked.clear()
        return self.ironic.update_site(
            one.uuid, site, registration, self.deadline
        )

    def test_it_moves(self):
        one = test_ironic.machine(
            site=self.site('east', 's1', pod_manager='e', rack='7')
        )
        registration = self.register(one)
        self.node(one).update(provision_state='active')
        self.node(one)['extra']['theirs'] = 1
        site = self.site(shard='s2', pod_manager='e', place='U4')
        registration = self.update(one, registration, site)
        node = self.node(one)
        self.assertEqual(('', 's2'), (node['conductor_group'], node['shard']))
        self.assertEqual(
            {
                'valence': one.mark,
                'valence_pod_manager': 'e',
                'valence_place': 'U4',
                'theirs': 1,
            },
            node['extra'],
        )
        self.assertEqual({}, self.differences(one, registration))
        self.assertNotIn('conductor_group', registration)
        self.assertEqual(registration, self.update(one, registration, site))
        self.assertEqual([], self.there.changing())

    def test_one_of_an_earlier_release(self):
        one = test_ironic.machine()
        registration = self.register(one)
        del registration['extra']
        self.node(one)['extra'] = {'valence': one.mark}
        registration = self.update(one, registration, one.site)
        self.assertEqual('r7', self.extra(one)['valence_rack'])
        self.assertEqual({}, self.differences(one, registration))


class TestPorts(test_ironic.IronicTestCase):
    LINK = {'switch_id': '02:aa:bb:cc:dd:01', 'port_id': 'Ethernet1/7'}

    def port(self, **more):
        return self.register_port(test_ironic.machine(), **more)

    def register_port(self, one, **more):
        ports = (provisioning.Port(MAC, **more),)
        self.register(dataclasses.replace(one, ports=ports))
        return self.there.ports[MAC]

    def test_what_is_known(self):
        known = {
            'local_link_connection': self.LINK,
            'physical_network': 'physnet1',
            'pxe_enabled': False,
        }
        port = self.port(**known)
        self.assertEqual(known, {name: port[name] for name in known})

    def test_what_is_unknown_is_not_sent(self):
        self.assertNotIn('local_link_connection', self.port())

    def test_again(self):
        one = test_ironic.machine()
        self.register_port(one)
        port = self.register_port(one, local_link_connection=self.LINK)
        self.assertEqual(self.LINK, port['local_link_connection'])
        # What is not known any more stays.
        self.there.asked.clear()
        port = self.register_port(one)
        self.assertEqual(self.LINK, port['local_link_connection'])
        self.assertNotIn('PATCH', str(self.there.asked).split('ports')[1:])

    def test_again_in_use(self):
        one = test_ironic.machine()
        self.register_port(one)
        self.node(one)['provision_state'] = 'active'
        port = self.register_port(one, physical_network='physnet1')
        self.assertIsNone(port['physical_network'])


class TestOldVersions(test_ironic.IronicTestCase):
    def test_what_it_does_not_know_is_left_out_and_named(self):
        site = provisioning.Site({'rack': 'r7'}, 'east', 's1')
        port = provisioning.Port(
            MAC, TestPorts.LINK, 'physnet1', pxe_enabled=True
        )
        for minor, unsupported in (
            (109, [] if _NEWEST >= 109 else ['health']),
            (108, ['health']),
            (81, ['health', 'shard']),
            (60, ['health', 'lessee', 'retired', 'retired_reason', 'shard']),
            (38, 9),
            (18, 14),
        ):
            with self.subTest(minor=minor):
                self.there.nodes.clear()
                self.there.ports.clear()
                self.there.minor = minor
                self.connect(self.there)
                one = test_ironic.machine(site=site, ports=(port,))
                registration = self.register(one)
                shown = self.ironic.look([one.uuid], self.deadline)[one.uuid]
                found = shown.status['unsupported']
                if isinstance(unsupported, int):
                    self.assertEqual(unsupported, len(found), found)
                else:
                    self.assertEqual(unsupported, found)
                self.assertEqual({}, self.differences(one, registration))
                again = dataclasses.replace(one, registered=registration)
                registration = self.register(again)
                self.assertEqual({}, self.differences(one, registration))
                self.there.asked.clear()
                self.assertEqual(
                    registration,
                    self.ironic.update_site(
                        one.uuid, site, registration, self.deadline
                    ),
                )
                self.assertEqual([], self.there.changing())
                self.remove(one, registration=registration)


class TestStatus(test_ironic.IronicTestCase):
    def status(self, one):
        return self.ironic.look([one.uuid], self.deadline)[one.uuid]

    def test_it_is_shown(self):
        one = test_ironic.machine()
        self.register(one)
        values = {
            'maintenance': True,
            'maintenance_reason': 'a fan',
            'fault': 'power failure',
            'retired': True,
            'retired_reason': 'old',
            'health': 'Critical',
        }
        self.node(one).update(values, last_error='\0' + 'x' * 2000)
        shown = self.status(one)
        unsupported = []
        if _NEWEST < 109:
            values['health'], unsupported = None, ['health']
        self.assertEqual({**values, 'unsupported': unsupported}, shown.status)
        self.assertEqual('x' * 1024, shown.error)


class TestRestrictions(test_ironic.IronicTestCase):
    def setUp(self):
        super().setUp()
        self.one = test_ironic.machine()
        self.register(self.one)

    def restrict(self, use=None, change=None):
        shown = self.ironic.look([self.one.uuid], self.deadline)
        return self.ironic.restrict(
            self.one.uuid,
            shown[self.one.uuid],
            provisioning.Restrictions(use, change),
            self.deadline,
        )

    def flags(self):
        node = self.node(self.one)
        return tuple(
            node[f'{flag}_reason'] if node[flag] else None
            for flag in ('maintenance', 'retired')
        )

    def moves(self, state):
        self.node(self.one)['provision_state'] = state

    def test_each(self):
        for state, use, change, flags in (
            ('active', 'a', None, (None, 'Valence: a')),
            ('active', None, 'b', ('Valence: b', None)),
            ('active', 'a', 'c', ('Valence: c', None)),
            # Ironic retires no node in this state.
            ('available', 'a', None, ('Valence: a', None)),
            ('available', 'a', 'b', ('Valence: b', None)),
            ('manageable', 'a', None, (None, 'Valence: a')),
            ('manageable', 'c', None, (None, 'Valence: c')),
            ('manageable', None, None, (None, None)),
        ):
            self.moves(state)
            self.assertTrue(self.restrict(use, change))
            self.assertEqual(flags, self.flags())
            self.assertFalse(self.restrict(use, change))

    def test_long_reasons(self):
        self.assertTrue(self.restrict('a' * 2000))
        self.assertFalse(self.restrict('a' * 2000))
        self.assertTrue(self.restrict())

    def test_what_others_set_stays(self):
        theirs = ('mine', None)
        for state in ('active', 'available'):
            self.moves(state)
            for reason in ('mine', None, ''):
                self.node(self.one).update(
                    maintenance=True, maintenance_reason=reason
                )
                theirs = self.flags()
                for use, change in (('a', None), (None, 'b'), (None, None)):
                    self.restrict(use, change)
                    self.assertEqual(theirs[0], self.flags()[0])
        self.node(self.one).update(
            maintenance=False, retired=True, retired_reason='old'
        )
        self.restrict('a')
        self.restrict()
        self.assertEqual((None, 'old'), self.flags())

    def test_one_that_others_set_since(self):
        shown = self.ironic.look([self.one.uuid], self.deadline)
        self.node(self.one).update(maintenance=True, maintenance_reason='mine')
        wanted = provisioning.Restrictions(no_change='b')
        self.ironic.restrict(
            self.one.uuid, shown[self.one.uuid], wanted, self.deadline
        )
        self.assertEqual('mine', self.flags()[0])

    def test_nothing_is_sent_for_nothing(self):
        self.there.asked.clear()
        self.assertFalse(self.restrict())
        self.assertEqual([], self.there.changing())
        self.assertNotIn(f'GET /nodes/{self.one.uuid}', self.there.asked)

    def test_an_old_ironic_retires_nothing(self):
        self.there.minor = 60
        self.connect(self.there)
        self.moves('active')
        self.assertFalse(self.restrict('a'))
        self.assertTrue(self.restrict('a', 'b'))
        self.assertEqual('Valence: b', self.flags()[0])

    def test_away(self):
        shown = self.ironic.look([self.one.uuid], self.deadline)
        self.there.fail('PUT', '/nodes/.*', 503)
        wanted = provisioning.Restrictions(no_change='b')
        call = (self.one.uuid, shown[self.one.uuid], wanted, self.deadline)
        self.assertRaises(
            exception.ProvisioningUnavailable, self.ironic.restrict, *call
        )
        self.assertTrue(self.ironic.restrict(*call))
        self.assertEqual('Valence: b', self.flags()[0])
