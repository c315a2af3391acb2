# SPDX-License-Identifier: Apache-2.0
"""Valence's own drivers keep the contract, each against its simulator."""

from valence.podmanagers import expether
from valence.podmanagers import redfish
from valence.podmanagers import rsd
from valence.tests.contract import endpoints
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
    driver_class = rsd.RSD
    personality = 'rsd'


class RedfishTestCase(Simulated):
    driver_class = redfish.Redfish
    personality = 'redfish'


class ExpEtherTestCase(Simulated):
    driver_class = expether.ExpEther
    personality = 'eem'
    sessions = False
