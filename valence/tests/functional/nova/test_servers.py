# SPDX-License-Identifier: Apache-2.0
"""Servers of a real Nova on nodes that Valence composes for them."""

import functools
import os
import pathlib
import random
import time
import unittest

from oslo_config import cfg

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import database
from valence.tests.fixtures import ironic
from valence.tests.fixtures import keystone
from valence.tests.fixtures import nova
from valence.tests.fixtures import processes
from valence.tests.fixtures import simulator

_PODS, _SYSTEMS = 3, 12
_SERVERS = 20
_REPEATS = 10
# Ironic controls the power of the simulated systems, and fakes the rest.
_INTERFACES = 'power:redfish,management:redfish,boot:fake,deploy:fake'
_SETTINGS = {
    'conductor__poll_interval': 0.5,
    'conductor__heartbeat_interval': 1,
    'conductor__heartbeat_timeout': 6,
    'conductor__attempts': 10,
    'redfish__request_timeout': 60,
    'provisioning__interval': 5,
    'pool__interval': 5,
    'pool__retry': 5,
    'pool__parallel': 6,
    'demand__seconds': 300,
    'capacity__sinks': 'placement',
    'ironic__driver': 'fake-hardware',
    'ironic__interfaces': _INTERFACES,
    # That hardware type asks for it.
    'ironic__driver_info': 'redfish_verify_ca:false',
}
# Nova may give a node to two instances, of which Ironic accepts the first; the
# second is built elsewhere, or not at all.
_NO_HOST = 'No valid host|Exhausted all hosts|Failure prepping block device'
# Where ``make test-stack`` finds the times that were measured.
_REPORT = pathlib.Path('build') / 'test-stack.txt'


@unittest.skipUnless(
    os.environ.get('VALENCE_TEST_STACK') == 'full',
    'make test-stack runs this',
)
class TestServers(base.ServiceTestCase):
    """One stack; each test has a flavor and a pool of its own."""

    @classmethod
    def start(cls):
        reason = database.missing('mysql') or processes.no_broker()
        for missing in (keystone.missing, ironic.missing, nova.missing):
            reason = reason or missing()
        if reason:
            raise cls.skipException(reason)
        _REPORT.parent.mkdir(exist_ok=True)
        _REPORT.write_text('')
        cls.use(fixtures.Conf())
        cls.use(fixtures.Keys())
        known = cls.use(keystone.Keystone())
        cls.ironic = cls.use(ironic.Ironic(keystone=known, backend='mysql'))
        there = cls.use(nova.Nova(known, cls.ironic))
        cls.cloud = known.cloud('admin', 'admin')
        cls.baremetal = known.cloud('admin', system_scope='all').baremetal
        cls.service = cls.use(
            fixtures.Service(
                **_SETTINGS,
                **cls.ironic.options(),
                **there.options(),
                database__connection=cls.use(
                    database.Database('mysql')
                ).connection,
                credentials__key_repository=(
                    cfg.CONF.credentials.key_repository
                ),
            )
        )
        cls.service.api()
        cls.client = cls.service.client
        cls.conductors = [cls.service.conductor() for _ in range(3)]
        cls.pods = {
            f'pod{number}': cls._pod(number) for number in range(_PODS)
        }
        cls.image = cls._image()

    @classmethod
    def _image(cls):
        return cls.cloud.image.create_image(
            name='tiny',
            data=bytes(65536),
            disk_format='raw',
            container_format='bare',
            allow_duplicates=True,
        )

    @classmethod
    def _pod(cls, number):
        pod = cls.use(fixtures.Simulator(systems=_SYSTEMS))
        name = f'pod{number}'
        cls.service.register(
            name,
            pod,
            hardware_username=simulator.USERNAME,
            hardware_password=simulator.PASSWORD,
        )
        cls.service.wait_ready(name)
        return pod

    # What a test does

    eventually = staticmethod(
        functools.partial(processes.eventually, pause=0.5)
    )

    def flavor(self, name):
        """Make a flavor, and publish it in Nova."""
        body = {'name': name, 'properties': {}}
        made = self.client.post('/v1/flavors', body)
        self._done(f'/v1/flavors/{name}/publish')
        self.addCleanup(self._unpublish, name)
        return made

    def _unpublish(self, name):
        self._done(f'/v1/flavors/{name}/unpublish')
        self.assertIsNone(self.cloud.compute.find_flavor(name))

    def _done(self, path):
        answer = self.client.request('POST', path, {})
        self.assertEqual(202, answer.status, answer)
        uuid = answer.headers['Location'].rpartition('/')[2]
        done = self.client.finished(uuid)
        self.assertEqual('succeeded', done['state'], done)

    def pool(self, name, **values):
        """Make a pool of a flavor with its name."""
        self.addCleanup(self._drain, name)
        body = {'name': name, 'flavor': name, **values}
        return self.client.post('/v1/pools', body)

    def _drain(self, name):
        path = f'/v1/pools/{name}'
        self.client.post(f'{path}/action', {'drain': {}})
        self.counted(name, lambda pool: pool['state'] == 'drained')
        self.eventually(lambda: not self.nodes(name), lambda: self.nodes(name))
        self.client.delete(path)

    def counted(self, name, good):
        """Wait until the counts of a pool are so."""
        path = f'/v1/pools/{name}'
        return self.eventually(
            lambda: good(self.client.get(path)),
            lambda: self.client.get(path),
            600,
        )

    def ready(self, name, number):
        """Wait until that many nodes of a pool are ready, and none comes."""
        self.counted(
            name, lambda pool: (pool['ready'], pool['coming']) == (number, 0)
        )

    def nodes(self, pool):
        """The nodes of a pool."""
        return self.client.all(f'/v1/nodes?pool={pool}')

    def schedulable(self, name):
        """Wait until Placement has a host for a server of a flavor."""
        path = (
            f'/allocation_candidates?limit=1&resources=CUSTOM_{name.upper()}:1'
        )
        headers = {'OpenStack-API-Version': 'placement 1.17'}

        def possible():
            # Placement does not know the class before Nova has a host of it.
            answer = self.cloud.placement.get(path, headers=headers).json()
            return answer.get('allocation_requests')

        self.eventually(possible, lambda: path)

    def create(self, name, flavor):
        """Ask for a server."""
        made = self.cloud.compute.create_server(
            name=name,
            flavor_id=self.cloud.compute.find_flavor(flavor).id,
            image_id=self.image.id,
            networks='none',
        )
        self.addCleanup(self.cloud.compute.delete_server, made.id)
        return made

    def built(self, server):
        """Wait until a server is there, or is in error; returns it."""
        return self.eventually(
            lambda: self._not(server, 'BUILD'),
            lambda: self.cloud.compute.get_server(server.id),
            600,
        )

    def _not(self, server, status):
        found = self.cloud.compute.get_server(server.id)
        return None if found.status == status else found

    def remove(self, server):
        """Delete a server, and wait until it is gone."""
        self.cloud.compute.delete_server(server.id)
        self.cloud.compute.wait_for_delete(server, interval=1, wait=300)

    def repeated(self, name, flavor):
        """Ask again for a server until there is one, as a user would."""
        for _ in range(_REPEATS):
            found = self.built(self.create(name, flavor))
            if found.status == 'ACTIVE':
                return found
            self.assertNoHost(found)
            self.remove(found)
            self.schedulable(flavor)
        self.fail(f'no host after {_REPEATS} requests')

    def report(self, text, begun):
        """Note for how many seconds something took."""
        with _REPORT.open('a') as file:
            file.write(f'{text}: {time.monotonic() - begun:.1f} s\n')

    # What has to be true

    def assertNoHost(self, server):
        self.assertEqual('ERROR', server.status)
        fault = server.to_dict()['fault']['message']
        self.assertRegex(fault, _NO_HOST)

    def assertComposed(self, server, pool):
        """A server is on a node of a pool, and Ironic knows."""
        node = self.client.get(f'/v1/nodes/{server.hypervisor_hostname}')
        self.assertEqual(pool, self._name(node), node)
        there = self.baremetal.get_node(node['uuid'])
        self.assertEqual(
            ('active', server.id), (there.provision_state, there.instance_id)
        )
        return node

    def _name(self, node):
        return self.client.get(f'/v1/pools/{node["pool_uuid"]}')['name']

    def assertAgreement(self):
        """Valence, Ironic and the pod managers have the same nodes."""

        def known():
            here = self.client.all('/v1/nodes')
            return (
                sorted(node['uuid'] for node in here),
                sorted(node.id for node in self.baremetal.nodes()),
                len(here),
                sum(len(pod.nodes()) for pod in self.pods.values()),
            )

        def agree():
            here, there, claimed, made = known()
            return here == there and claimed == made

        self.eventually(agree, known)

    def test_a_pool_is_kept_ready(self):
        self.flavor('warm')
        begun = time.monotonic()
        self.pool('warm', min_ready=1, max_nodes=4, idle_seconds=1)
        self.schedulable('warm')
        self.report('cold: from an empty pool to schedulable', begun)
        begun = time.monotonic()
        server = self.repeated('first', 'warm')
        self.report('warm: from server create to ACTIVE', begun)
        node = self.assertComposed(server, 'warm')
        self.ready('warm', 1)
        self.report('warm: until another node is ready', begun)
        self.assertEqual(2, len(self.nodes('warm')))
        self.remove(server)
        # One more than wanted: the one that was ready the longest leaves.
        self.counted('warm', lambda pool: pool['used'] == 0)
        self.eventually(
            lambda: len(self.nodes('warm')) == 1, lambda: self.nodes('warm')
        )
        self.ready('warm', 1)
        self.assertAgreement()
        self.assertTrue(node['pool_uuid'])

    def test_machines_exist_only_while_they_are_wanted(self):
        self.flavor('wanted')
        self.pool('wanted', min_ready=0, max_nodes=3, idle_seconds=10)
        self.assertEqual([], self.nodes('wanted'))
        begun = time.monotonic()
        refused = self.built(self.create('none', 'wanted'))
        self.assertNoHost(refused)
        self.remove(refused)
        self.counted('wanted', lambda pool: pool['coming'] or pool['ready'])
        self.schedulable('wanted')
        self.report('on demand: from server create to schedulable', begun)
        server = self.repeated('again', 'wanted')
        self.report('on demand: from the first create to ACTIVE', begun)
        self.assertComposed(server, 'wanted')
        self.remove(server)
        self.eventually(
            lambda: not self.nodes('wanted'),
            lambda: self.client.get('/v1/pools/wanted'),
            900,
        )
        self.assertAgreement()

    def test_many_at_once_while_conductors_are_killed(self):
        self.flavor('many')
        limits = {'min_ready': 5, 'max_ready': 15, 'max_nodes': 30}
        self.pool('many', idle_seconds=1, **limits)
        self.ready('many', 5)
        active = self._create_many([f'server{n}' for n in range(_SERVERS)])
        hosts = {self.assertComposed(one, 'many')['uuid'] for one in active}
        self.assertEqual(_SERVERS, len(hosts))
        for server in active:
            # None was killed meanwhile.
            found = self.cloud.compute.get_server(server.id)
            self.assertEqual('ACTIVE', found.status, found)
        self.assertAgreement()
        for server in active:
            self.cloud.compute.delete_server(server.id)
        self.counted('many', lambda pool: pool['used'] == 0)
        self.counted('many', lambda pool: pool['ready'] <= 15)
        self.client.patch('/v1/pools/many', {'max_ready': 5})
        self.ready('many', 5)
        self.eventually(
            lambda: len(self.nodes('many')) == 5, lambda: self.nodes('many')
        )
        self.assertAgreement()

    def _create_many(self, names):
        """Create servers at once, and repeat that for those without host."""
        active = []
        begun = time.monotonic()
        for repeats in range(_REPEATS):
            asked = [self.create(name, 'many') for name in names]
            if not repeats:
                self._kill_two()
            found = [self.built(server) for server in asked]
            refused = [one for one in found if one.status != 'ACTIVE']
            active += [one for one in found if one.status == 'ACTIVE']
            text = f'{len(active)} of {_SERVERS} at once, repeats: {repeats}'
            self.report(text, begun)
            if not refused:
                return active
            for server in refused:
                self.assertNoHost(server)
                self.remove(server)
            names = [server.name for server in refused]
            self.counted('many', lambda pool: not pool['coming'])
            self.schedulable('many')
        self.fail(f'no host for {names}')

    def _kill_two(self):
        for number in random.sample(range(3), 2):
            time.sleep(random.uniform(0.5, 3))
            self.conductors[number].kill()
        for conductor in self.conductors:
            if conductor.state is None:
                conductor.start()

    def test_placement_knows_what_can_be_composed(self):
        self.flavor('more')

        def totals():
            found = {}
            for provider in self.cloud.placement.resource_providers():
                path = f'/resource_providers/{provider.id}/inventories'
                rows = self.cloud.placement.get(path).json()['inventories']
                for name, row in rows.items():
                    if name == 'CUSTOM_COMPOSABLE_MORE':
                        found[provider.name] = row['total']
            return found

        free = {name: len(self._free(name)) for name in self.pods}
        self.eventually(
            lambda: sorted(totals().values()) == sorted(free.values()),
            lambda: (totals(), free),
        )

    def _free(self, pod):
        return self.client.all(f'/v1/systems?pod_manager={pod}&state=free')
