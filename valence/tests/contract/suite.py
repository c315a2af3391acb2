# SPDX-License-Identifier: Apache-2.0
"""The contract: what holds for every driver, whatever it speaks."""

from valence.tests.contract import events
from valence.tests.contract import failures
from valence.tests.contract import inventory
from valence.tests.contract import nodes


class Contract(
    inventory.Inventory, nodes.Nodes, events.Events, failures.Failures
):
    """Derive, name the driver, and say where its endpoint is."""
