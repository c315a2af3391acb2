# SPDX-License-Identifier: Apache-2.0
"""Nodes that others composed become ours."""

import requests

from valence.tests import base


class TestAdopt(base.PodTestCase):
    def _allocate(self, pod):
        """Have a node allocated by somebody else; returns its path."""
        login = (pod.login['username'], pod.login['password'])
        answer = requests.post(
            f'{pod.url}/Nodes/Actions/Allocate',
            json={'Name': 'theirs'},
            auth=login,
            timeout=60,
        )
        answer.raise_for_status()
        path = '/' + answer.headers['Location'].partition('/redfish/')[2]
        return f'/redfish{path}'

    def _adopt(self, uri):
        self.client.post(
            '/v1/nodes/manage',
            {'name': 'ours', 'pod_manager': 'pod', 'resource_uri': uri},
        )
        return self.client.wait(
            '/v1/nodes/ours',
            lambda node: node['provision_state'] != 'adopting',
        )

    def test_allocated_node_is_assembled(self):
        pod = self.pod('pod')
        uri = self._allocate(pod)
        self.sync('pod')
        node = self._adopt(uri)
        self.assertEqual('active', node['provision_state'], node)
        (composed,) = pod.nodes()
        self.assertEqual('Assembled', composed['state'])
