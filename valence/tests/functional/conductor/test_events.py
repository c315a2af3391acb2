# SPDX-License-Identifier: Apache-2.0
"""Events of pod managers soon change the answers, and none is lost."""

import datetime
import time
import urllib.parse

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import processes

_SYSTEMS = '/redfish/v1/Systems'
_SUBSCRIPTIONS = '/redfish/v1/EventService/Subscriptions'


class EventsCase(base.PodTestCase):
    """One way to hear of changes."""

    arguments: tuple = ()
    # Unknown things have everything read again after a twentieth of it.
    options = {'conductor__sync_interval': 60}

    def listening(self, *arguments, **kwargs):
        """A pod manager that is heard, and has no reading under way."""
        pod = self.pod('pod', *self.arguments, *arguments, **kwargs)
        self.wait_heard(pod)
        self.sync('pod')
        pod.control('DELETE', 'requests')
        return pod

    def wait_heard(self, pod, seconds=processes.PATIENCE):
        """Wait until the pod has a subscriber."""
        deadline = time.monotonic() + seconds
        while not self.heard(pod):
            if time.monotonic() > deadline:
                self.fail('there is no listener')
            time.sleep(0.05)

    @staticmethod
    def heard(pod):
        """Return the subscribers."""
        state = pod.state()
        return state['subscriptions'] or state['streams']

    def row(self, uri, kind='systems'):
        rows = self.client.all(f'/v1/{kind}?pod_manager=pod')
        return next((r for r in rows if r['resource_uri'] == uri), None)

    def uri(self):
        """The URI of a system."""
        rows = self.client.all('/v1/systems?pod_manager=pod')
        return min(row['resource_uri'] for row in rows)

    def wait_row(self, uri, good):
        """Wait until the answer for a system is as it has to be."""
        uuid = self.row(uri)['uuid']
        return self.client.wait(f'/v1/systems/{uuid}', good)

    def wait_switched(self, pod, uri, state):
        pod.change(uri, PowerState=state.capitalize())
        return self.wait_row(uri, lambda row: row['power_state'] == state)

    def wait_read(self, after):
        """Wait until the whole inventory has been read after a time."""
        return self.client.wait(
            '/v1/pod_managers/pod', lambda body: body['synced_at'] > after
        )

    def now(self):
        return datetime.datetime.now(datetime.UTC).isoformat()


class Follow(EventsCase):
    """What holds of every way."""

    def test_only_what_is_named_is_read(self):
        pod = self.listening(systems=6)
        uri = self.uri()
        before = self.row(uri)
        row = self.wait_switched(pod, uri, 'on')
        self.assertTrue(row['refreshed'])
        self.assertGreater(row['synced_at'], before['synced_at'])
        others = [
            one
            for one in self.client.all('/v1/systems?pod_manager=pod')
            if one['refreshed'] and one['resource_uri'] != uri
        ]
        self.assertEqual([], others)
        asked = {
            path
            for method, path in pod.requests()
            if method == 'GET' and path.startswith(f'{_SYSTEMS}/')
        }
        self.assertTrue(asked)
        self.assertEqual(
            [], [path for path in asked if not path.startswith(uri)]
        )
        # A reading vouches for all of them again; a second event may follow.
        for _ in range(10):
            self.sync('pod')
            if not self.row(uri)['refreshed']:
                return
        self.fail('it keeps the value of the event')

    def test_a_part_that_is_named_by_its_chassis(self):
        pod = self.listening()
        row = self.row(self.uri())
        drive = row['drives'][0]['resource_uri']
        self.assertIn('/Chassis/', drive)
        pod.change(drive, CapacityGiB=7777, CapacityBytes=7777 * 2**30)
        self.wait_row(row['resource_uri'], lambda row: row['refreshed'])
        self.assertLess(7700, self.row(row['resource_uri'])['storage_gib'])

    def test_hardware_comes_and_goes(self):
        pod = self.listening()
        pod.control('POST', 'systems', {'count': 1})
        self.client.wait(
            '/v1/systems?pod_manager=pod',
            lambda body: len(body['systems']) == 5,
        )
        uri = self.uri()
        pod.remove(uri)
        row = self.wait_row(uri, lambda row: row['missing_since'])
        self.assertTrue(row['stale'])
        self.assertEqual('unavailable', row['state'])

    def test_a_storm_costs_few_readings(self):
        pod = self.listening()
        uri = self.uri()
        event = {
            'EventType': 'StatusChange',
            'OriginOfCondition': {'@odata.id': uri},
        }
        pod.control('POST', 'events', {'events': [event], 'repeat': 300})
        self.wait_switched(pod, uri, 'on')
        self.assertLess(pod.requests().get(('GET', uri), 0), 100)

    def test_unknown_resource_causes_full_read(self):
        pod = self.listening()
        for uri in ('/redfish/v1', _SYSTEMS, '/redfish/v1/Fabrics/1'):
            begun = self.now()
            event = {'OriginOfCondition': {'@odata.id': uri}}
            pod.control('POST', 'events', {'events': [event]})
            self.wait_read(begun)

    def test_irrelevant_events(self):
        pod = self.listening()
        uri = self.uri()
        while (read := self._read()) != self._read(after=4):
            pass  # until what registering set in motion has come to rest
        event = {'OriginOfCondition': {'@odata.id': '/redfish/v1/Managers/1'}}
        pod.control('POST', 'events', {'events': [event]})
        self.wait_switched(pod, uri, 'on')
        self.assertEqual(read, self._read(after=4))

    def _read(self, after=0):
        time.sleep(after)
        return self.client.get('/v1/pod_managers/pod')['synced_at']

    def test_events_during_a_sync(self):
        pod = self.listening()
        uri = self.uri()
        # What is read last holds the reading up.
        fault = pod.order('/redfish/v1/Chassis/', 'delay', 3, count=1)
        reading = self.begin_sync('pod')
        pod.wait_struck(fault)
        pod.options(event_loss=1.0)
        pod.change(uri, PowerState='On')
        pod.options(event_loss=0.0)
        event = {'OriginOfCondition': {'@odata.id': _SYSTEMS}}
        pod.control('POST', 'events', {'events': [event]})
        self.client.finished(reading)
        self.wait_row(uri, lambda row: row['power_state'] == 'on')

    def test_a_refresh_that_fails(self):
        pod = self.listening()
        uri = self.uri()
        fault = pod.order(uri, 'status', 500, count=4)
        root = pod.order('/redfish/v1$', 'status', 503, count=2)
        pod.change(uri, PowerState='On')
        pod.wait_struck(root)
        pod.wait_struck(fault)
        self.wait_row(uri, lambda row: row['power_state'] == 'on')

    def test_a_pod_manager_that_starts_again(self):
        pod = self.listening()
        uri = self.uri()
        pod.control('POST', 'restart', {'down_seconds': 2})
        # There is no event for this.
        deadline = time.monotonic() + processes.PATIENCE
        while time.monotonic() < deadline:
            try:
                pod.change(uri, PowerState='On')
                break
            except OSError:
                time.sleep(0.05)
        self.wait_row(uri, lambda row: row['power_state'] == 'on')
        self.wait_heard(pod)
        self.sync('pod')
        self.assertTrue(self.wait_switched(pod, uri, 'off')['refreshed'])


class TestStream(Follow):
    """A stream of server-sent events: it needs no way back."""

    arguments = ('--no-push',)

    def test_stream_interrupted(self):
        pod = self.listening()
        uri = self.uri()
        begun = self.now()
        pod.control('POST', 'restart', {'down_seconds': 0})
        # Changes without a listener are found by a sync.
        self.wait_read(begun)
        self.wait_heard(pod)
        self.sync('pod')
        self.assertTrue(self.wait_switched(pod, uri, 'on')['refreshed'])


def deliver(case):
    """Let pod managers deliver to the service of a case."""
    port = processes.free_port()
    case.options = {
        **case.options,
        'api__port': port,
        'api__public_endpoint': f'http://127.0.0.1:{port}/',
    }


class TestDelivery(Follow):
    """Deliveries to the API."""

    arguments = ('--no-sse', '--event-retry-seconds', '0.2')

    @classmethod
    def start(cls):
        deliver(cls)
        super().start()

    def path(self, pod):
        """Where the pod delivers to."""
        (subscription,) = self.heard(pod)
        return urllib.parse.urlsplit(subscription['destination']).path

    def test_a_subscription_that_is_lost(self):
        pod = self.listening()
        uri = self.uri()
        (lost,) = self.heard(pod)
        pod.remove(lost['uri'])
        pod.change(uri, PowerState='On')
        self.wait_heard(pod)
        # Whatever was missed is read with all the rest.
        self.wait_row(uri, lambda row: row['power_state'] == 'on')
        self.sync('pod')
        self.assertTrue(self.wait_switched(pod, uri, 'off')['refreshed'])

    def test_a_subscription_that_is_disabled(self):
        # Intel's pod managers do not report it.
        pod = self.listening('--personality', 'redfish')
        uri = self.uri()
        (disabled,) = self.heard(pod)
        pod.change(disabled['uri'], Status={'State': 'Disabled'})
        pod.change(uri, PowerState='On')
        self.wait_row(uri, lambda row: row['power_state'] == 'on')
        self.assertEqual([False], [one['disabled'] for one in self.heard(pod)])
        self.sync('pod')
        self.assertTrue(self.wait_switched(pod, uri, 'off')['refreshed'])

    def unheard(self, *faults):
        """A pod manager that is registered with faults."""
        pod = self.useFixture(fixtures.Simulator(*self.arguments[1:]))
        for fault in faults:
            pod.order(*fault)
        self.register('pod', pod)
        self.service.wait_ready('pod')
        return pod

    def test_a_stream_that_cannot_be_opened(self):
        pod = self.unheard(('/redfish/v1/EventService/SSE', 'status', 404))
        self.wait_heard(pod)
        self.assertTrue(pod.state()['subscriptions'])
        self.sync('pod')
        self.assertTrue(self.wait_switched(pod, self.uri(), 'on')['refreshed'])

    def test_a_subscription_that_is_not_shown_as_it_is(self):
        pod = self.unheard(
            ('/redfish/v1/EventService/SSE', 'status', 501),
            (f'{_SUBSCRIPTIONS}/', 'merge', {'Destination': None}),
        )
        self.wait_heard(pod)
        (made,) = pod.state()['subscriptions']
        time.sleep(3)  # it is looked after twice a second
        (kept,) = pod.state()['subscriptions']
        self.assertEqual(made['uri'], kept['uri'])
        self.sync('pod')
        self.assertTrue(self.wait_switched(pod, self.uri(), 'on')['refreshed'])

    def test_secret_is_required(self):
        pod = self.listening()
        path = self.path(pod)
        secret = path.rpartition('/')[2]
        other = f'/v1/events/{path.split("/")[3]}/wrong'
        unknown = f'/v1/events/{"0" * 8}-0000-4000-8000-{"0" * 12}/{secret}'
        event = {'Events': [{'OriginOfCondition': {'@odata.id': self.uri()}}]}
        for wrong in (other, unknown):
            answer = self.client.request('POST', wrong, event)
            self.assertEqual(404, answer.status)
        self.assertEqual(204, self.client.request('POST', path, event).status)
        podm = self.client.get('/v1/pod_managers/pod')
        self.assertNotIn(secret, str(podm))
        self.assertNotIn(secret, self.process.output())

    def test_deliveries_that_are_none(self):
        pod = self.listening()
        path = self.path(pod)
        for content, status in (
            (b'nonsense', 400),
            (b'[]', 400),
            (b'{"Events": [' + b'{},' * 10**6 + b'{}]}', 413),
            (b'{}', 204),
            (b'{"Events": null}', 204),
            (b'{"Events": [7, {"OriginOfCondition": 7}]}', 204),
            (b'{"Events": [{"OriginOfCondition": "/no/such"}]}', 204),
        ):
            answer = self.client.request('POST', path, content=content)
            self.assertEqual(status, answer.status, content[:60])
        for method in ('GET', 'PUT', 'DELETE'):
            answer = self.client.request(method, path)
            self.assertIn(answer.status, (404, 405), method)
        self.assertTrue(self.wait_switched(pod, self.uri(), 'on'))


class TestTooMany(EventsCase):
    """More deliveries than are accepted: the changes are still found."""

    arguments = ('--no-sse', '--event-retry-seconds', '60')

    @classmethod
    def start(cls):
        deliver(cls)
        super().start()

    def test_nothing_is_lost(self):
        pod = self.listening(systems=6)
        rows = self.client.all('/v1/systems?pod_manager=pod')
        for row in rows:
            pod.change(row['resource_uri'], PowerState='On')
        self.client.wait(
            '/v1/systems?pod_manager=pod&power_state=on',
            lambda body: len(body['systems']) == len(rows),
        )


class TestPolling(EventsCase):
    """Neither a stream nor a way back: what changed is read now and then."""

    options = {'conductor__sync_interval': 2}

    def test_it_is_found_all_the_same(self):
        pod = self.pod('pod', '--no-sse')
        self.assertFalse(self.heard(pod))
        row = self.wait_switched(pod, self.uri(), 'on')
        self.assertFalse(row['refreshed'])


# It is there to be inherited from.
del Follow
