# SPDX-License-Identifier: Apache-2.0
"""Pods in memory, with delays and faults to order.

They need neither hardware nor network: :mod:`pod` is the hardware,
:mod:`driver` its driver.
"""

from valence.podmanagers.fake.driver import Fake
from valence.podmanagers.fake.pod import forget
from valence.podmanagers.fake.pod import pod

__all__ = ('Fake', 'forget', 'pod')
