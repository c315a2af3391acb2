# SPDX-License-Identifier: Apache-2.0
import argparse
import contextlib
import io
import unittest

from valenceclient.osc import progress
from valenceclient.v1 import resources


class Impatient:
    """A client whose user does not wait for the end."""

    def wait_for_operation(self, *args, **kwargs):
        raise KeyboardInterrupt


class Follow(unittest.TestCase):
    def test_who_stops_waiting_is_told_that_it_goes_on(self):
        for started in (
            resources.Node.existing(uuid='node', operation_uuid='op'),
            resources.Operation.existing(uuid='op'),
        ):
            said = io.StringIO()
            with (
                contextlib.redirect_stderr(said),
                self.assertRaises(KeyboardInterrupt),
            ):
                progress.follow(
                    Impatient(), started, argparse.Namespace(timeout=None)
                )
            self.assertEqual('The operation op goes on.\n', said.getvalue())
