# SPDX-License-Identifier: Apache-2.0
"""Each check of the contract finds the driver that is wrong in its way."""

import unittest

from valence.common import exception
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import tasks
from valence.tests import base
from valence.tests.contract import case
from valence.tests.contract import endpoints
from valence.tests.contract import faults
from valence.tests.contract import suite


class _Forgetful(Redfish):
    """Does not record that it has sent a request."""

    def reset(self, uri, reset_type, deadline, progress):
        super().reset(uri, reset_type, deadline, Progress())


class _Hasty(Redfish):
    """Sends requests without a look at what there is."""

    def reset(self, uri, reset_type, deadline, progress):
        body = self._client.get(uri, deadline)
        target = actions.target(actions.action(body, '.Reset'))
        self._client.post(target, {'ResetType': reset_type}, deadline)

    def attach(self, uri, resource, deadline, progress):
        self._change('.AddResourceBlock', uri, resource, deadline)

    def detach(self, uri, resource, deadline, progress):
        self._change('.RemoveResourceBlock', uri, resource, deadline)

    def _change(self, action, uri, resource, deadline):
        body = self._client.get(uri, deadline)
        target = actions.target(actions.action(body, action))
        block = {'ResourceBlock': {'@odata.id': resource}}
        self._client.post(target, block, deadline)

    def set_boot(self, uri, override, deadline, progress):
        boot = {'BootSourceOverrideTarget': override.target}
        actions.write(self._client, uri, {'Boot': boot}, deadline)


class _Trusting(Redfish):
    """Believes that a task which ended has succeeded."""

    def reset(self, uri, reset_type, deadline, progress):
        try:
            super().reset(uri, reset_type, deadline, progress)
        except tasks.TaskFailed:
            return


class _Silent(Redfish):
    """Does not pass on why it was refused."""

    def compose(self, request, deadline, progress):
        try:
            return super().compose(request, deadline, progress)
        except exception.PodManagerError:
            raise exception.NoMatch(reason='no luck') from None


class _Blind(Redfish):
    """Takes what it does not understand for empty."""

    def discover(self, deadline):
        seen = super().discover(deadline)
        seen.problems, seen.unread = [], set()
        return seen


class _Loose(Redfish):
    """Returns URIs as it builds them."""

    def read_node(self, uri, deadline):
        node = super().read_node(uri, deadline)
        node.uri = f'{node.uri}/'
        return node

    def poll_compose(self, uri, deadline, progress):
        node = super().poll_compose(uri, deadline, progress)
        node.uri = f'{node.uri}/'
        return node


class _Greedy(Redfish):
    """Takes what is used for free."""

    def discover(self, deadline):
        return self._freed(super().discover(deadline))

    def refresh(self, uris, deadline):
        return self._freed(super().refresh(uris, deadline))

    def _freed(self, seen):
        for item in (*seen.systems, *seen.devices):
            item.values['state'] = 'free'
        return seen


class _Restless(Redfish):
    """Finds something to cancel whenever it is asked."""

    def cancel(self, deadline, progress):
        return True


class KitTestCase(base.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.at = faults.Proxied(endpoints.Simulated('redfish', systems=4))
        cls.at.setUp()
        cls.addClassCleanup(cls.at.cleanUp)

    def run_check(self, driver, name):
        """The result of one check of a driver."""
        shared = self.at

        class Check(suite.Contract):
            driver_class = driver

            @classmethod
            def setUpClass(cls):
                super(case.Case, cls).setUpClass()
                cls.at = shared

        result = unittest.TestResult()
        unittest.TestSuite([Check(f'test_{name}')]).run(result)
        return result

    def assertFound(self, driver, name):
        """A check fails for a driver that is wrong."""
        wrong = self.run_check(driver, name)
        self.assertEqual([], wrong.skipped)
        self.assertEqual(1, len(wrong.failures), (name, wrong.errors))

    def test_kinds_a_and_i_sent_once(self):
        self.assertFound(_Forgetful, 'what_must_not_be_repeated_is_sent_once')

    def test_kind_a_lost_answers(self):
        self.assertFound(_Hasty, 'a_reset_whose_answer_is_lost_is_found')
        self.assertFound(
            _Hasty, 'an_attached_device_whose_answer_is_lost_is_found'
        )

    def test_kind_a_outcomes(self):
        self.assertFound(
            _Hasty, 'a_reset_that_changes_nothing_has_not_succeeded'
        )

    def test_kind_b_tasks(self):
        self.assertFound(_Trusting, 'a_task_is_followed_to_its_end')

    def test_kind_c_writes(self):
        self.assertFound(
            _Hasty, 'a_boot_override_that_does_not_show_has_not_succeeded'
        )

    def test_kinds_d_and_i_forms(self):
        self.assertFound(_Blind, 'a_collection_without_end')
        self.assertFound(_Blind, 'unknown_forms_are_reported')

    def test_kind_e_refusals(self):
        self.assertFound(
            _Silent, 'a_refusal_is_told_in_the_words_of_the_service'
        )

    def test_kind_g_identity(self):
        self.assertFound(_Loose, 'one_node_has_one_uri')

    def test_kind_h_choosing(self):
        self.assertFound(_Greedy, 'refresh_reads_the_parts_of_a_node')

    def test_kind_i_ends(self):
        self.assertFound(_Restless, 'there_is_nothing_to_cancel')
