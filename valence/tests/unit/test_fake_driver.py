# SPDX-License-Identifier: Apache-2.0
"""The driver of a pod in memory behaves as one that waits for a network."""

import concurrent.futures
import time

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers import fake
from valence.podmanagers.progress import Deadline
from valence.tests import base

_URL = 'http://pod.fake'
_SECONDS = 300


class TestClose(base.TestCase):
    def test_a_call_that_hangs_ends(self):
        self.addCleanup(fake.forget)
        hung = fake.pod(_URL)
        hung.order('discover', seconds=_SECONDS)
        driver = fake.Fake(podmanagers.Connection(_URL))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            call = pool.submit(driver.discover, Deadline(_SECONDS))
            while hung.calls['discover'] == 0:
                time.sleep(0.01)
            driver.close()
            self.assertRaises(exception.PodManagerUnavailable, call.result)
