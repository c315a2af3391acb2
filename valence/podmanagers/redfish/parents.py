# SPDX-License-Identifier: Apache-2.0
"""Which chassis contains what, where only the chassis says so."""

from collections.abc import Mapping

from valence.podmanagers import hardware
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import related


def find_parents(seen: hardware.Inventory) -> None:
    """Derive missing parents from the chassis that contain an item.

    Of several chassis that contain a system, the innermost is its parent.
    """
    bodies = {chassis.uri: chassis.properties for chassis in seen.chassis}
    parents = {
        inner: uri
        for uri, body in bodies.items()
        for inner in related(body, 'Contains')
        if inner != uri
    }
    for chassis in seen.chassis:
        chassis.parent = chassis.parent or parents.get(chassis.uri)
    above = {chassis.uri: chassis.parent for chassis in seen.chassis}
    holders = {
        system: uri
        for uri in sorted(bodies, key=lambda uri: _depth(uri, above))
        for system in related(bodies[uri], 'ComputerSystems')
    }
    for system in seen.systems:
        system.parent = system.parent or holders.get(system.uri)


def _depth(uri: str | None, above: Mapping[str, str | None]) -> int:
    """How many chassis a chassis is in; the links may form a circle."""
    passed: set[str] = set()
    while uri is not None and uri not in passed:
        passed.add(uri)
        uri = above.get(uri)
    return len(passed)


def mark_parent(item: hardware.Item) -> None:
    """Mark the parent of an item as unknown where its link is malformed."""
    if has_malformed(item.properties, 'Chassis', 'ContainedBy'):
        item.unknown.add(hardware.PARENT)
