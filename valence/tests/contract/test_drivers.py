# SPDX-License-Identifier: Apache-2.0
"""Valence's drivers fulfil the contract, each with its simulator."""

from valence.podmanagers import fake
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.expether.driver import ExpEther
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import endpoints
from valence.tests.contract import faults
from valence.tests.contract import outcomes
from valence.tests.contract import suite


class Variant(suite.Composition):
    """Against a simulator that is started with ``arguments``."""

    personality = None
    arguments = ()

    @classmethod
    def endpoint(cls):
        if cls.personality is None:
            return super().endpoint()
        return endpoints.Simulated(cls.personality, *cls.arguments)


class Rsd:
    driver_class = RSD
    personality = 'rsd'


class RsdTestCase(Rsd, Variant, suite.Contract):
    """RSD 2.4, with ``$expand``."""


class RsdOldestTestCase(Rsd, Variant):
    """Endpoints are attached, and drives are linked by another name."""

    arguments = ('--rsd-version', '2.1', '--no-expand')


class RsdSecondTestCase(Rsd, Variant):
    arguments = ('--rsd-version', '2.2', '--page-size', '3')


class RsdThirdTestCase(Rsd, Variant):
    """The first version with ActionInfo of what can be attached."""

    arguments = ('--rsd-version', '2.3', '--no-expand', '--page-size', '1')


class RsdNewestTestCase(Rsd, Variant):
    arguments = ('--rsd-version', '2.5', '--release-seconds', '0.2')


class Composable:
    driver_class = Redfish
    personality = 'redfish'


class RedfishTestCase(Composable, Variant, suite.Contract):
    """All methods of composing; tasks, ETags and ``$expand``."""


class RedfishPlainTestCase(Composable, Variant):
    """The simplest service: it responds when the work is done."""

    arguments = (
        *('--no-expand', '--no-tasks', '--no-etags', '--no-select'),
        *('--no-top-skip', '--compose-by', 'specific'),
    )


class RedfishZonesTestCase(Composable, Variant):
    """Capabilities on the zones, small pages, ETags required."""

    arguments = (
        *('--capabilities-on', 'zones', '--page-size', '2'),
        *('--require-etag', '--compose-by', 'specific', 'constrained'),
    )


class RedfishManifestTestCase(Composable, Variant):
    """The Compose action, with reservations."""

    arguments = ('--compose-by', 'manifest')


class RedfishNoPreviewTestCase(Composable, Variant):
    """The Compose action, with Apply only."""

    arguments = ('--compose-by', 'manifest', '--no-preview', '--no-tasks')


class RedfishConstrainedTestCase(Composable, Variant):
    """The service chooses the blocks by a description of hardware."""

    arguments = ('--compose-by', 'constrained', '--seed', 'constrained')


class RedfishExpandableTestCase(Composable, Variant):
    """Permanent systems that get blocks added."""

    arguments = ('--expandable', '4')


class RedfishExpandablePlainTestCase(Composable, Variant):
    arguments = ('--expandable', '4', '--no-tasks', '--no-etags')
    writers_conflict = False


class ExpEtherTestCase(Variant, suite.Contract):
    driver_class = ExpEther
    personality = 'eem'
    sessions = False


class RedfishOutcomesTestCase(outcomes.Outcomes):
    """What only the proxy injects, so that the rest is not run twice."""

    driver_class = Redfish
    personality = 'redfish'

    @classmethod
    def endpoint(cls):
        return faults.Proxied(endpoints.Simulated(cls.personality))


class RsdOutcomesTestCase(RedfishOutcomesTestCase):
    driver_class = RSD
    personality = 'rsd'


class ProxiedTestCase(ExpEtherTestCase):
    """The proxy injects the same faults as the simulator."""

    @classmethod
    def endpoint(cls):
        return faults.Proxied(super().endpoint())


class FakeTestCase(suite.Contract):
    """The fake driver fulfils the contract as well."""

    driver_class = fake.Fake
    remote = False
    options = {'fake__devices': 4}

    @classmethod
    def endpoint(cls):
        return endpoints.Remote('fake://contract')
