# SPDX-License-Identifier: Apache-2.0
"""Valence's own drivers keep the contract, each against its simulator."""

from valence.podmanagers import fake
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.expether.driver import ExpEther
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import endpoints
from valence.tests.contract import faults
from valence.tests.contract import suite


class Simulated(suite.Contract):
    """Against a simulator that is started with ``arguments``."""

    personality = None
    arguments = ()

    @classmethod
    def endpoint(cls):
        if cls.personality is None:
            return super().endpoint()
        return endpoints.Simulated(cls.personality, *cls.arguments)


class RsdTestCase(Simulated):
    """RSD 2.4, with ``$expand``."""

    driver_class = RSD
    personality = 'rsd'


class RsdOldestTestCase(RsdTestCase):
    """Endpoints are attached, and drives are linked by another name."""

    arguments = ('--rsd-version', '2.1', '--no-expand')


class RsdSecondTestCase(RsdTestCase):
    arguments = ('--rsd-version', '2.2', '--page-size', '3')


class RsdThirdTestCase(RsdTestCase):
    """The first to tell by ActionInfo what can be attached."""

    arguments = ('--rsd-version', '2.3', '--no-expand', '--page-size', '1')


class RsdNewestTestCase(RsdTestCase):
    arguments = ('--rsd-version', '2.5', '--release-seconds', '0.2')


class RedfishTestCase(Simulated):
    """All ways to compose are offered; tasks, ETags and ``$expand``."""

    driver_class = Redfish
    personality = 'redfish'


class RedfishPlainTestCase(RedfishTestCase):
    """A service of the simplest sort: it answers when the work is done."""

    arguments = (
        *('--no-expand', '--no-tasks', '--no-etags', '--no-select'),
        *('--no-top-skip', '--compose-by', 'specific'),
    )


class RedfishZonesTestCase(RedfishTestCase):
    """Capabilities on the zones, small pages, ETags demanded."""

    arguments = (
        *('--capabilities-on', 'zones', '--page-size', '2'),
        *('--require-etag', '--compose-by', 'specific', 'constrained'),
    )


class RedfishManifestTestCase(RedfishTestCase):
    """The Compose action, with reservations."""

    arguments = ('--compose-by', 'manifest')


class RedfishNoPreviewTestCase(RedfishTestCase):
    """The Compose action, which knows nothing but Apply."""

    arguments = ('--compose-by', 'manifest', '--no-preview', '--no-tasks')


class RedfishConstrainedTestCase(RedfishTestCase):
    """The service picks the blocks by what they are asked to hold."""

    arguments = ('--compose-by', 'constrained', '--seed', 'constrained')


class RedfishExpandableTestCase(RedfishTestCase):
    """Systems that are there for good, and have blocks put to them."""

    arguments = ('--expandable', '4')


class RedfishExpandablePlainTestCase(RedfishTestCase):
    arguments = ('--expandable', '4', '--no-tasks', '--no-etags')


class ExpEtherTestCase(Simulated):
    driver_class = ExpEther
    personality = 'eem'
    sessions = False


class ProxiedTestCase(ExpEtherTestCase):
    """The proxy that stands in for the simulator's faults is right itself."""

    @classmethod
    def endpoint(cls):
        return faults.Proxied(super().endpoint())


class FakeTestCase(suite.Contract):
    """What exists in memory only keeps the contract all the same."""

    driver_class = fake.Fake
    remote = False
    options = {'fake__devices': 4}

    @classmethod
    def endpoint(cls):
        return endpoints.Remote('fake://contract')
