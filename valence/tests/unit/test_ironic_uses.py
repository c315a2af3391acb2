# SPDX-License-Identifier: Apache-2.0
"""Which nodes of Ironic an instance can get."""

import uuid

from valence.common import exception
from valence.podmanagers.progress import Deadline
from valence.provisioning.base import Kind
from valence.tests.unit import test_ironic


class TestUses(test_ironic.IronicTestCase):
    def add(self, state='available', resource_class='gold', **more):
        """A node that Ironic has; its UUID."""
        node = {
            **dict.fromkeys(('name', 'owner', 'lessee', 'instance_uuid')),
            **{'driver_info': {}, 'extra': {}, 'traits': []},
            **{'maintenance': False, 'last_error': None},
            'uuid': str(uuid.uuid4()),
            'provision_state': state,
            'power_state': 'power off',
            'resource_class': resource_class,
            **more,
        }
        self.there.nodes[node['uuid']] = node
        return node['uuid']

    def uses(self, *classes):
        found = self.ironic.uses(classes or ('gold',), Deadline(10))
        return {uuid: use.kind for uuid, use in found.items()}

    def test_kinds(self):
        instance = str(uuid.uuid4())
        expected = {
            self.add(state, **more): kind
            for state, more, kind in (
                ('available', {}, Kind.READY),
                ('available', {'maintenance': True}, Kind.USED),
                ('available', {'instance_uuid': instance}, Kind.USED),
                ('available', {'power_state': None}, Kind.COMING),
                ('available', {'power_state': 'error'}, Kind.COMING),
                ('manageable', {'power_state': None}, Kind.IDLE),
                ('active', {'instance_uuid': instance}, Kind.USED),
                ('deploying', {}, Kind.USED),
                ('a state of tomorrow', {}, Kind.USED),
                ('clean wait', {}, Kind.COMING),
                ('clean wait', {'maintenance': True}, Kind.COMING),
                ('manageable', {}, Kind.IDLE),
                ('clean failed', {'maintenance': True}, Kind.BROKEN),
                ('deploy failed', {'instance_uuid': instance}, Kind.USED),
            )
        }
        self.assertEqual(expected, self.uses())
        self.assertEqual(1, len(self.there.asked) - 1)

    def test_only_some_classes(self):
        gold, _, iron = (
            self.add(),
            self.add('available', 'tin'),
            self.add('available', 'iron'),
        )
        self.assertEqual({gold, iron}, {*self.uses('gold', 'iron')})
        self.assertEqual({}, self.uses('none'))

    def test_away(self):
        self.there.fail('GET', '.*/nodes', 503, times=9)
        self.assertRaises(exception.ProvisioningError, self.uses)

    def test_something_else_responds(self):
        self.there.page = 200, 'text/html', b'<html>Welcome</html>'
        self.assertRaises(exception.ProvisioningError, self.uses)

    def test_no_time_is_left(self):
        exc = self.assertRaises(
            exception.ProvisioningUnavailable,
            self.ironic.uses,
            ('gold',),
            Deadline(0),
        )
        self.assertIn('request to Ironic', str(exc))
