# SPDX-License-Identifier: Apache-2.0
"""Tags of administrators hold for all that is within."""

from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.tests import base

_GOLD, _COLD = 'CUSTOM_GOLD', 'CUSTOM_COLD'


class TestTags(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.pod()
        self.pod('other')
        self.system = self.first('systems')
        self.device = self.first('devices')

    def first(self, kind):
        return self.client.get(f'/v1/{kind}?pod_manager=pod&limit=1')[kind][0]

    def tag(self, path, *tags):
        answer = self.client.request('PATCH', f'/v1/{path}', {'tags': [*tags]})
        self.assertEqual(200, answer.status, answer)
        for podm in self.client.all('/v1/pod_managers'):
            self.assertEqual([], recount.check(podm['uuid'], repair=False))
        return answer.json

    def tags(self, path):
        row = self.client.get(f'/v1/{path}')
        return row['tags'], row['inherited_tags']

    def composed(self, state='succeeded', **requested):
        """The system of a node, and why there is none."""
        node = self.compose('n', state, properties=requested)
        found = [row['uuid'] for row in node['systems']]
        self.done('DELETE', '/v1/nodes/n')
        return found, node['last_error']

    def test_of_a_system(self):
        path = f'systems/{self.system["uuid"]}'
        row = self.tag(path, _GOLD, _COLD, _GOLD)
        self.assertEqual([_COLD, _GOLD], row['tags'])
        found, _ = self.composed(traits={'required': [_GOLD]})
        self.assertEqual([self.system['uuid']], found)
        found, _ = self.composed(traits={'preferred': [_GOLD]})
        self.assertEqual([self.system['uuid']], found)
        found, _ = self.composed(traits={'forbidden': [_GOLD]})
        self.assertNotEqual([self.system['uuid']], found)
        self.assertIsNone(self.tag(path)['tags'])
        _, error = self.composed('failed', traits={'required': [_GOLD]})
        self.assertIn(f'lacks trait {_GOLD}', error)

    def test_of_a_device(self):
        self.tag(f'devices/{self.device["uuid"]}', _GOLD)
        drive = {'pooled': True, 'traits': {'required': [_GOLD]}}
        node = self.compose('n', properties={'storage': [drive]})
        self.assertEqual(
            [self.device['uuid']], [row['uuid'] for row in node['devices']]
        )

    def test_of_a_chassis_and_a_pod_manager(self):
        rack = self.first('racks')
        self.tag(f'chassis/{rack["uuid"]}', _COLD)
        self.tag('pod_managers/pod', _GOLD)
        for path in (
            f'systems/{self.system["uuid"]}',
            f'devices/{self.device["uuid"]}',
        ):
            self.assertEqual((None, [_COLD, _GOLD]), self.tags(path))
        wanted = {'traits': {'required': [_COLD, _GOLD]}}
        rejected = self.client.post(
            '/v1/nodes/preview', {'properties': wanted}
        )['rejections']
        self.assertEqual(['other'], [one['name'] for one in rejected])
        self.assertIn(_COLD, rejected[0]['reason'])
        # What is new has them as well.
        nothing = {'inherited_tags': None}
        db.update(models.System, nothing, uuid=self.system['uuid'])
        recount.check(self.system['podm_uuid'], repair=True)
        self.done('POST', '/v1/pod_managers/pod/sync')
        self.assertEqual(
            {(_COLD, _GOLD)},
            {
                tuple(row['inherited_tags'])
                for row in self.client.all('/v1/systems?pod_manager=pod')
            },
        )
        self.tag('pod_managers/pod')
        self.tag(f'chassis/{rack["uuid"]}')
        device = f'devices/{self.device["uuid"]}'
        self.assertEqual((None, None), self.tags(device))

    def test_what_is_no_tag(self):
        path = f'/v1/systems/{self.system["uuid"]}'
        for tags in (['HW_GOLD'], ['CUSTOM_gold'], 'CUSTOM_A', [''], [1]):
            self.assertRefused(400, 'tags', 'PATCH', path, {'tags': tags})
