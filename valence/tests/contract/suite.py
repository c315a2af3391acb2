# SPDX-License-Identifier: Apache-2.0
"""The contract, for drivers of any protocol."""

from valence.tests.contract import events
from valence.tests.contract import failures
from valence.tests.contract import identity
from valence.tests.contract import inventory
from valence.tests.contract import nodes
from valence.tests.contract import outcomes
from valence.tests.contract import reservations
from valence.tests.contract import transport


class Composition(
    inventory.Inventory,
    nodes.Nodes,
    identity.Identity,
    events.Events,
    failures.Failures,
    outcomes.Outcomes,
    reservations.Reservations,
):
    """What can differ between services of one driver."""


class Contract(Composition, transport.Transport):
    """Derive from this, and set the driver class and the endpoint."""
