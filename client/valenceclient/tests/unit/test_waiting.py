# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest import mock

from openstack import exceptions

from valenceclient.v1 import proxy
from valenceclient.v1 import resources


def _pod_manager(**fields):
    return resources.PodManager.existing(
        **{
            'uuid': 'u',
            'name': 'pod',
            'status': 'offline',
            'status_reason': 'not contacted yet',
            'sync_error': None,
            'synced_at': None,
            **fields,
        }
    )


_ONLINE = {'status': 'online', 'status_reason': None}


class PodManagers(unittest.TestCase):
    def wait(self, *answers, **kwargs):
        """Wait while the service returns these fields, one after another."""
        composable = proxy.Proxy(mock.Mock(retriable_status_codes=None))
        found = [_pod_manager(**fields) for fields in answers]
        with (
            mock.patch.object(
                composable, '_get', autospec=True, side_effect=found
            ),
            mock.patch('time.sleep', autospec=True),
        ):
            return composable.wait_for_pod_manager(_pod_manager(), **kwargs)

    def test_until_the_inventory_was_read(self):
        for fail in (True, False):
            found = self.wait(
                {}, _ONLINE, {**_ONLINE, 'synced_at': 'now'}, fail=fail
            )
            self.assertEqual('now', found.synced_at)

    def test_until_it_fails(self):
        for fields, reason in (
            ({'status_reason': 'wrong password'}, 'is offline: wrong passw'),
            ({**_ONLINE, 'sync_error': 'no page'}, 'is online: no page'),
        ):
            with self.assertRaisesRegex(exceptions.ResourceFailure, reason):
                self.wait({}, fields, fail=True)

    def test_failures_may_pass(self):
        found = self.wait(
            {'status_reason': 'starting'}, {**_ONLINE, 'synced_at': 'now'}
        )
        self.assertEqual('now', found.synced_at)

    def test_timeout(self):
        for fields, reason in (
            ({}, 'offline after 0 seconds: not contacted yet'),
            (_ONLINE, 'online after 0 seconds: its inventory has not'),
        ):
            with self.assertRaisesRegex(exceptions.ResourceTimeout, reason):
                self.wait(fields, wait=0)
