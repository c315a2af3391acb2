# SPDX-License-Identifier: Apache-2.0
"""Services that write URIs in several ways, use them again, or echo nothing.

Each driver has to keep to the rules of identity on all of them.
"""

from valence.common import exception
from valence.common import identity as identity_of
from valence.podmanagers import base as podmanagers
from valence.podmanagers import node_uri
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import case
from valence.tests.contract import endpoints
from valence.tests.contract import identity


class Odd(identity.Identity):
    """On a simulator with some oddity."""

    personality = 'rsd'
    driver_class = RSD
    arguments: tuple = ()

    @classmethod
    def endpoint(cls):
        if cls is Odd:
            return super().endpoint()
        return endpoints.Simulated(cls.personality, *cls.arguments)


class RsdSlashTestCase(Odd):
    arguments = ('--location', 'slash', '--ids', 'reuse')


class RsdSlashMembersTestCase(Odd):
    arguments = ('--location', 'slash', '--member-links', 'slash')


class RsdAbsoluteTestCase(Odd):
    arguments = ('--location', 'absolute', '--member-links', 'encoded')


class RsdPrefixTestCase(Odd):
    arguments = ('--prefix', '/site', '--location', 'prefix')


class RsdNoEchoTestCase(Odd):
    arguments = ('--no-echo',)


class RedfishSlashTestCase(Odd):
    personality = 'redfish'
    driver_class = Redfish
    arguments = ('--location', 'slash', '--ids', 'reuse')


class RedfishSlashMembersTestCase(RedfishSlashTestCase):
    arguments = ('--location', 'slash', '--member-links', 'slash')


class RedfishAbsoluteTestCase(RedfishSlashTestCase):
    arguments = ('--location', 'absolute', '--member-links', 'encoded')


class RedfishPrefixTestCase(RedfishSlashTestCase):
    arguments = ('--prefix', '/site', '--location', 'prefix')


class RedfishNoEchoTestCase(RedfishSlashTestCase):
    arguments = ('--no-echo',)


class RsdTargetTestCase(case.Case):
    """Where the targets of actions are not below their resource."""

    personality = 'rsd'
    driver_class = RSD

    @classmethod
    def endpoint(cls):
        return endpoints.Simulated(cls.personality)

    def reset(self, targets):
        """Reset one of two nodes; returns what that changed."""
        self.bring(self.request(devices=0))
        node = self.bring(self.request(devices=0))
        self.at.simulator.options(targets=targets)
        self.addCleanup(self.at.simulator.options, targets='own')
        control = self.at.simulator.control
        last = control('GET', 'requests?changing=true')[-1]['id']
        try:
            self.changed('reset', node.uri, 'ForceOff')
        except exception.RequestRejected as exc:
            self.assertIn('belongs to another resource', str(exc))
        return node.uri, [
            entry['resource']
            for entry in control('GET', f'requests?changing=true&since={last}')
            if 'Sessions' not in entry['path']
        ]

    def test_another_resource(self):
        _, changed = self.reset('foreign')
        self.assertEqual([], changed)

    def test_the_url_of_a_target(self):
        uri, changed = self.reset('absolute')
        self.assertEqual([uri], changed)


class RedfishTargetTestCase(RsdTargetTestCase):
    personality = 'redfish'
    driver_class = Redfish


class NamedByATaskTestCase(case.Case):
    """A task names what a stranger made as what it composed."""

    driver_class = Redfish

    @classmethod
    def endpoint(cls):
        return endpoints.Simulated('redfish', '--compose-seconds', '0')

    def released(self, composed=False, **texts):
        """Release the task of a node: what the stranger made stays.

        :param composed: whether the task has composed the node all the same.
        """
        simulator = self.at.simulator
        theirs = simulator.control('POST', 'compose', texts)['uri']
        self.before.add(theirs)
        request = self.request(devices=0)
        if composed:
            body = {
                'description': str(request.mark),
                'parts': [request.system],
            }
            simulator.control('POST', 'compose', body)
        pending = node_uri.pending(
            '/redfish/v1/TaskService/TaskMonitors/1', request
        )
        simulator.order(
            '/redfish/v1/TaskService/TaskMonitors',
            *('answer', {'status': 201, 'headers': {'Location': theirs}}),
            method='GET',
        )
        self.patiently(
            lambda: self.driver.release(
                pending.uri, self.soon(), podmanagers.Progress()
            )
        )
        left = self.new_driver().node_uris(self.soon())
        self.assertIn(theirs, left)
        self.assertEqual(set(), left - self.before)

    def test_what_was_composed(self):
        self.released(composed=True, name='theirs')

    def test_without_a_mark(self):
        self.released(name='theirs')

    def test_with_another_mark(self):
        mark = identity_of.Mark(
            '00000000-0000-4000-8000-000000000000', 'ffffffffffff'
        )
        self.released(name='theirs', description=str(mark))
