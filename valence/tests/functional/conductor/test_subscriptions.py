# SPDX-License-Identifier: Apache-2.0
"""Who delivers to us is asked to when it is needed, and to stop after."""

import time

from valence.tests import base
from valence.tests.fixtures import processes

_SUBSCRIPTIONS = '/redfish/v1/EventService/Subscriptions'


class TestSubscriptions(base.PodTestCase):
    # Nothing has to be delivered there.
    options = {'api__public_endpoint': 'http://127.0.0.1:9/valence'}

    def subscribed(self, *arguments):
        """A pod that has to be subscribed to, once it is."""
        pod = self.pod('pod', '--no-sse', *arguments)
        self.wait_subscriptions(pod, 1)
        return pod

    def wait_subscriptions(self, pod, count, seconds=processes.PATIENCE):
        deadline = time.monotonic() + seconds
        while len(self.subscriptions(pod)) != count:
            if time.monotonic() > deadline:
                self.fail(f'not {count}: {self.subscriptions(pod)}')
            time.sleep(0.05)

    def subscriptions(self, pod):
        return pod.state()['subscriptions']

    def wait_sessions(self, pod, count, seconds=processes.PATIENCE):
        deadline = time.monotonic() + seconds
        while len(pod.state()['sessions']) != count:
            if time.monotonic() > deadline:
                self.fail(f'not {count}: {pod.state()["sessions"]}')
            time.sleep(0.05)

    def test_the_end_of_a_pod_manager(self):
        pod = self.subscribed()
        self.client.delete('/v1/pod_managers/pod')
        self.wait_subscriptions(pod, 0)
        self.wait_sessions(pod, 0)

    def test_the_end_with_all_its_nodes(self):
        pod = self.subscribed('--personality', 'redfish')
        self.service.compose('n')
        self.client.delete('/v1/pod_managers/pod?cascade=true')
        self.client.wait_gone('/v1/pod_managers/pod')
        self.wait_subscriptions(pod, 0)
        self.wait_sessions(pod, 0)

    def test_a_move(self):
        old = self.subscribed()
        new = self.pod('other', '--no-sse')
        self.client.delete('/v1/pod_managers/other')
        self.wait_subscriptions(new, 0)
        self.client.patch('/v1/pod_managers/pod', new.login)
        self.wait_subscriptions(new, 1)
        self.wait_subscriptions(old, 0)
        self.wait_sessions(old, 0)

    def test_events_disabled(self):
        pod = self.subscribed()
        pod.change('/redfish/v1/EventService', ServiceEnabled=False)
        self.wait_subscriptions(pod, 0)
