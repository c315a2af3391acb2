# SPDX-License-Identifier: Apache-2.0
"""A node that a real Ironic has an instance on survives its lease."""

import datetime
import uuid

from valence.tests.functional.ironic import test_circle

_FAKE = dict.fromkeys(('power', 'management', 'boot', 'deploy'), 'fake')
_INTERFACES = {f'{name}_interface': kind for name, kind in _FAKE.items()}


class TestLeases(test_circle.IronicCase):
    auth = 'noauth'
    more = {'lease__interval': 1}

    def test_an_instance_survives_until_it_is_forced(self):
        pod = self.ready('pod')
        made = self.node(register=True, lease_end='release')
        instance = self._deploy(made['uuid'])
        self._set(lease_until=_after(1))
        self.client.wait('/v1/nodes/web', {'lease_state': 'overdue'})
        # Each interval reports it.
        self.client.wait(
            f'/v1/events?resource_uuid={made["uuid"]}',
            lambda answer: self._reported(answer) >= 3,
        )
        there = self.baremetal.get_node(made['uuid'])
        self.assertEqual(
            ('active', instance), (there.provision_state, there.instance_id)
        )
        self.assertEqual(1, len(pod.nodes()))
        self.assertEqual([], self.client.all('/v1/operations?action=release'))
        self._set(force_at=_after(1))
        self.client.wait_gone('/v1/nodes/web')
        self.assertEqual(([], []), (self.known(), pod.nodes()))
        (done,) = self.client.all('/v1/operations?action=release')
        self.assertEqual('succeeded', done['state'])

    def _deploy(self, node):
        """Have Ironic give the node to somebody; the UUID of the instance."""
        self.baremetal.update_node(node, driver='fake-hardware', **_INTERFACES)
        instance = str(uuid.uuid4())
        for goal in ('manage', 'provide', 'active'):
            if goal == 'active':
                self.baremetal.update_node(node, instance_id=instance)
            self.baremetal.set_node_provision_state(
                node, goal, wait=True, timeout=90
            )
        self.client.wait('/v1/nodes/web', {'managed_state': 'active'})
        return instance

    def _set(self, **body):
        return self.client.patch('/v1/nodes/web', body)

    @staticmethod
    def _reported(answer):
        types = [row['event_type'] for row in answer['events']]
        return sum(one.endswith('lease.overdue') for one in types)


def _after(seconds):
    until = datetime.datetime.now(datetime.UTC)
    until += datetime.timedelta(seconds=seconds)
    return f'{until:%Y-%m-%dT%H:%M:%S.%f}Z'
