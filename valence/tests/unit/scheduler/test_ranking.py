# SPDX-License-Identifier: Apache-2.0
"""Where a node is composed, and why not elsewhere."""

from valence.common import exception
from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import ranking
from valence.scheduler.request import Refused
from valence.scheduler.request import Request
from valence.tests import base


class RankingCase(base.ConductorTestCase):
    options = {'fake__systems': 2, 'fake__devices': 1}

    def setUp(self):
        super().setUp()
        self.pods = {name: self.pod(name) for name in ('a', 'b')}
        self.uuids = {
            row['name']: row['uuid']
            for row in self.client.all('/v1/pod_managers')
        }
        self.names = {uuid: name for name, uuid in self.uuids.items()}

    def change_systems(self, values, **where):
        db.update(models.System, values, **where)
        for uuid in self.uuids.values():
            recount.check(uuid, repair=True)

    def change(self, name, **values):
        db.update(models.PodManager, values, name=name)

    def rank(self, requested=None, enough=9, **more):
        request = Request(requirements.normalize(requested or {}), **more)
        with db.reader() as tx:
            return ranking.rank(tx, request, enough)

    def chosen(self, *args, **more):
        """The names of the pod managers that will do, best first."""
        found = self.rank(*args, **more)
        return [self.names[choice.podm_uuid] for choice in found.choices]

    def rejections(self, *args, **more):
        found = self.rank(*args, **more)
        return {
            rejection.name: (rejection.filter, rejection.reason)
            for rejection in found.rejections
        }

    def systems(self, name):
        return self.client.all(f'/v1/systems?pod_manager={name}&sort_key=name')


class TestFilters(RankingCase):
    def test_all_will_do(self):
        self.assertEqual({'a', 'b'}, set(self.chosen()))
        self.assertEqual({}, self.rejections())

    def test_filters(self):
        for values, name, reason in (
            ({'status': 'offline'}, 'online', 'it is offline'),
            ({'maintenance': True}, 'maintenance', 'it is in maintenance'),
            (
                {'deleting_at': self.clock.now()},
                'maintenance',
                'it is being deleted',
            ),
            (
                {'synced_at': None},
                'synced',
                'its inventory has not been read yet',
            ),
            (
                {'capabilities': ['reset']},
                'capable',
                'it cannot compose nodes',
            ),
        ):
            before = db.get(models.PodManager, name='a')
            self.change('a', **values)
            self.assertEqual(['b'], self.chosen())
            self.assertEqual({'a': (name, reason)}, self.rejections())
            self.change('a', **{key: getattr(before, key) for key in values})

    def test_only_those_that_are_configured(self):
        self.change('a', status='offline')
        self.conf.set(scheduler__filters=['synced'])
        self.assertEqual({'a', 'b'}, set(self.chosen()))

    def test_one_that_is_not_installed(self):
        self.conf.set(scheduler__filters=['gone'])
        error = self.assertRaises(ValueError, self.rank)
        self.assertIn('gone', str(error))

    def test_access(self):
        self.change('a', is_public=False)
        hidden = {'a': ('access', 'the project has no access to it')}
        self.assertEqual(['b'], self.chosen(project_id='p'))
        self.assertEqual(hidden, self.rejections(project_id='p'))
        # A node of no project goes anywhere.
        self.assertEqual({'a', 'b'}, set(self.chosen()))
        self.client.post('/v1/pod_managers/a/access', {'project_id': 'p'})
        self.assertEqual({'a', 'b'}, set(self.chosen(project_id='p')))
        self.assertEqual(['b'], self.chosen(project_id='q'))

    def test_the_one_that_is_named(self):
        for name in ('a', 'b'):
            self.assertEqual([name], self.chosen(podm_uuid=self.uuids[name]))


class TestWeighers(RankingCase):
    def test_each(self):
        self.compose('n', pod_manager='a')
        for weigher, order in (
            ('spread', ['b', 'a']),
            ('pack', ['a', 'b']),
            ('free', ['b', 'a']),
        ):
            self.conf.set(scheduler__weigher=weigher)
            for _ in range(4):
                self.assertEqual(order, self.chosen(), weigher)

    def test_one_that_refused_comes_last_for_a_while(self):
        self.conf.set(scheduler__weigher='pack')
        self.compose('n', pod_manager='a')
        self.assertEqual(['a', 'b'], self.chosen())
        self.change('a', refused_at=self.clock.now())
        self.assertEqual(['b', 'a'], self.chosen())
        self.clock.advance(299)
        self.assertEqual(['b', 'a'], self.chosen())
        self.clock.advance(2)
        self.assertEqual(['a', 'b'], self.chosen())

    def test_one_that_refused_this_request_comes_last(self):
        refused = Refused(
            self.systems('b')[0]['uuid'], 'sad', podm_uuid=self.uuids['b']
        )
        for _ in range(9):
            self.assertEqual(['a', 'b'], self.chosen(refused=(refused,)))

    def test_no_more_than_is_enough(self):
        self.assertEqual(1, len(self.chosen(enough=1)))
        self.assertEqual(2, len(self.chosen(enough=2)))

    def test_equals_in_any_order(self):
        first = {self.chosen(enough=1)[0] for _ in range(60)}
        self.assertEqual({'a', 'b'}, first)


class TestSelect(RankingCase):
    def test_choice(self):
        choice = self.rank({'storage': [{'count': 2}]}, enough=1).choices[0]
        system = db.get(models.System, uuid=choice.system_uuid)
        self.assertEqual(choice.podm_uuid, system.podm_uuid)
        self.assertEqual(choice.system_uri, system.resource_uri)
        ((uuid, uri),) = choice.devices.items()
        self.assertEqual(uri, db.get(models.Device, uuid=uuid).resource_uri)

    def test_the_smallest_that_will_do(self):
        for uri, cores in (('/systems/1', 64), ('/systems/2', 8)):
            self.change_systems({'cpu_cores': cores}, resource_uri=uri)
        for cores, uri in ((8, '/systems/2'), (9, '/systems/1')):
            requested = {'processor': {'total_cores': cores}}
            for choice in self.rank(requested).choices:
                self.assertEqual(uri, choice.system_uri)

    def test_equals_by_chance(self):
        uris = {
            choice.system_uri
            for _ in range(60)
            for choice in self.rank().choices
        }
        self.assertEqual({'/systems/1', '/systems/2'}, uris)

    def test_the_parts_that_are_named(self):
        system = self.systems('b')[1]
        (device,) = self.client.all('/v1/devices?pod_manager=b')
        found = self.rank(resources=(system['uuid'], device['uuid']))
        (choice,) = found.choices
        self.assertEqual(system['uuid'], choice.system_uuid)
        self.assertEqual(
            {device['uuid']: device['resource_uri']}, choice.devices
        )
        (rejection,) = found.rejections
        self.assertEqual('no system is free', rejection.reason)
        self.assertIsNone(rejection.nearest)

    def test_a_device_that_is_somewhere_else(self):
        system = self.systems('b')[0]
        (device,) = self.client.all('/v1/devices?pod_manager=a')
        found = self.rejections(resources=(system['uuid'], device['uuid']))
        self.assertIn(
            f'not free on this pod manager: {device["uuid"]}',
            found['b'][1],
        )

    def test_refused_combination_is_skipped(self):
        first, second = self.systems('a')
        found = self.rank(
            podm_uuid=self.uuids['a'],
            refused=(Refused(first['uuid'], 'full'),),
        )
        self.assertEqual(second['uuid'], found.choices[0].system_uuid)

    def test_reserved_system(self):
        for row in self.systems('a'):
            db.create(
                models.Allocation,
                resource_uuid=row['uuid'],
                podm_uuid=self.uuids['a'],
                reserved_to='p',
            )
        self.change_systems({'reserved_to': 'p'}, podm_uuid=self.uuids['a'])
        self.assertEqual(['b'], self.chosen(project_id='q'))
        self.assertEqual({'a', 'b'}, set(self.chosen(project_id='p')))


class TestRejections(RankingCase):
    def test_nothing_is_free(self):
        for number in range(2):
            self.compose(f'n{number}', pod_manager='a')
        self.assertEqual(
            {'a': ('capacity', 'no system is free')}, self.rejections()
        )

    def test_nothing_fits(self):
        requested = {'processor': {'total_cores': 99}}
        found = self.rank(requested)
        for rejection in found.rejections:
            self.assertEqual(
                'none of 2 free systems fits: less than 99 CPU cores',
                rejection.reason,
            )
            self.assertEqual(
                {'processor': {'total_cores': 16}}, rejection.nearest
            )

    def test_the_nearest_is_of_the_best_system(self):
        self.change_systems({'memory_mib': 1024}, resource_uri='/systems/1')
        requested = {'memory': {'capacity_mib': 2**20}}
        for rejection in self.rank(requested).rejections:
            self.assertEqual(
                {'memory': {'capacity_mib': 65536}}, rejection.nearest
            )


class ChooseCase(RankingCase):
    def choose(self, requested=None, **more):
        request = Request(requirements.normalize(requested or {}), **more)
        with db.reader() as tx:
            return ranking.choose(tx, request)

    def refusal(self, *args, **more):
        return self.assertRaises(
            exception.NoCapacity, self.choose, *args, **more
        )


class TestChoose(ChooseCase):
    def test_the_best(self):
        self.compose('n', pod_manager='a')
        self.assertEqual(self.uuids['b'], self.choose().podm_uuid)

    def test_reasons(self):
        self.change('b', maintenance=True)
        error = self.refusal({'processor': {'total_cores': 99}})
        self.assertEqual(
            'No capacity: requested 99 CPU cores; looked at 2 pod managers '
            'and 2 free systems: 2 systems: less than 99 CPU cores; b: it is '
            'in maintenance. The nearest is 16 CPU cores on a',
            str(error),
        )
        self.assertEqual({'processor': {'total_cores': 16}}, error.nearest)

    def test_the_most_common_reasons_are_shown(self):
        refused = [
            Refused(row['uuid'], f'reason {row["uuid"]}')
            for name in 'ab'
            for row in self.systems(name)
        ]
        refused.append(refused[3])
        error = str(self.refusal(refused=tuple(refused)))
        self.assertIn(f'2 combinations: {refused[3].reason}', error)
        self.assertEqual(2, error.count('1 combination: '), error)
        self.assertIn('1 other reason', error)

    def test_a_long_story_is_cut(self):
        refused = tuple(
            Refused(row['uuid'], f'{row["name"]} {"is sad " * 999}')
            for name in 'ab'
            for row in self.systems(name)
        )
        requested = {'storage': [{'type': 'x' * 250}] * 64}
        error = self.refusal(requested, refused=refused)
        self.assertLess(len(str(error)), 2500)
        self.assertIn('sad is …', str(error))

    def test_no_more_attempts(self):
        (row, _) = self.systems('a')
        refused = tuple(
            Refused(row['uuid'], 'sad', frozenset(str(n)), self.uuids['a'])
            for n in range(3)
        )
        self.conf.set(scheduler__max_attempts=4)
        self.choose(refused=refused)
        self.conf.set(scheduler__max_attempts=3)
        self.assertEqual(
            'No capacity: requested any system; looked at 1 pod manager and 1 '
            'free system, tried 3 combinations: 3 combinations: sad',
            str(self.refusal(refused=refused)),
        )

    def test_hidden_hardware_is_not_shown(self):
        requested = {'processor': {'total_cores': 99}}
        self.change('b', is_public=False)
        self.assertNotIn('b: ', str(self.refusal(requested, project_id='p')))
        error = self.refusal(podm_uuid=self.uuids['b'], project_id='p')
        self.assertIn('b: the project has no access to it', str(error))

    def test_no_pod_manager(self):
        for name in ('a', 'b'):
            self.client.delete(f'/v1/pod_managers/{name}')
        self.assertIn('no pod manager is registered', str(self.refusal()))


class TestAffinity(RankingCase):
    def setUp(self):
        super().setUp()
        self.node = self.compose('n', pod_manager='a')['uuid']

    def test_pod_managers(self):
        for rule, names in (('with', ['a']), ('against', ['b'])):
            requested = {'scope': 'pod_manager', rule: [self.node]}
            self.assertEqual(names, self.chosen(affinity=requested))

    def test_racks(self):
        rule = {'scope': 'rack', 'against': [self.node]}
        self.assertEqual(
            {
                'a': (
                    'capacity',
                    'none of 1 free systems fits: same rack as a node in '
                    'affinity.against',
                )
            },
            self.rejections(affinity=rule),
        )
        rule = {'scope': 'rack', 'with': [self.node]}
        self.assertEqual(
            {
                'b': (
                    'capacity',
                    'none of 2 free systems fits: not the same rack as a '
                    'node in affinity.with',
                )
            },
            self.rejections(affinity=rule),
        )
        self.assertIsNone(self.rank(affinity=rule).rejections[0].nearest)

    def test_a_node_that_is_nowhere(self):
        rule = {'scope': 'rack', 'with': ['nobody']}
        self.assertEqual([], self.chosen(affinity=rule))
        rule = {'scope': 'rack', 'against': ['nobody']}
        self.assertEqual({'a', 'b'}, set(self.chosen(affinity=rule)))

    def test_an_unknown_rack_is_no_rack(self):
        for name in 'ab':
            db.update(
                models.System,
                {'rack_uuid': None},
                podm_uuid=self.uuids[name],
            )
        rule = {'scope': 'rack', 'with': [self.node]}
        self.assertEqual([], self.chosen(affinity=rule))
        rule = {'scope': 'rack', 'against': [self.node]}
        self.assertEqual({'a', 'b'}, set(self.chosen(affinity=rule)))
