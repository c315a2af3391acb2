# SPDX-License-Identifier: Apache-2.0
"""Resource providers of pod managers, for others to see.

Each has the UUID of its pod manager, and the mark of that as its name. All of
them are in one aggregate, by which they are found. Their only resource classes
are ``CUSTOM_COMPOSABLE_`` and the name of a flavor, which no flavor of Nova
requires. See https://docs.openstack.org/api-ref/placement/
"""

import dataclasses
import uuid
from collections.abc import Mapping

from valence.common import exception
from valence.common.identity import Mark
from valence.common.identity import find_mark
from valence.common.types import JsonObject
from valence.podmanagers.progress import Deadline
from valence.provisioning.ironic import attributes
from valence.provisioning.nova import wanted
from valence.sinks import base
from valence.sinks.placement import calls

_PROVIDERS = '/resource_providers'
_CLASS = 'CUSTOM_COMPOSABLE_'
# The greatest number that Placement stores.
_MAX = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class _Provider:
    """A provider as Placement shows it."""

    name: str
    generation: int

    @classmethod
    def of(cls, found: JsonObject) -> '_Provider':
        name, generation = found.get('name'), found.get('generation')
        if not isinstance(name, str) or not isinstance(generation, int):
            raise calls.PLACEMENT.not_understood()
        return cls(name, generation)


class Placement(base.Sink):
    """Writes the inventories of one provider for each pod manager."""

    name = 'placement'

    def __init__(self) -> None:
        # What providers had when they were read last, by UUID: the generation
        # and the totals.
        self._seen: dict[str, tuple[int, dict[str, int]]] = {}

    def list(self, group: uuid.UUID, deadline: Deadline) -> base.Shown:
        """The providers in the aggregate of this Valence."""
        found = calls.send(
            'GET', _PROVIDERS, deadline, member_of=str(group)
        ).get('resource_providers')
        if not isinstance(found, list):
            raise calls.PLACEMENT.not_understood()
        with calls.PLACEMENT.calling(deadline):
            shown = {one['uuid']: _Provider.of(one) for one in found}
        for gone in self._seen.keys() - shown.keys():
            del self._seen[gone]
        return shown

    def write(
        self,
        mark: Mark,
        fits: Mapping[str, int],
        group: uuid.UUID,
        shown: base.Shown,
        deadline: Deadline,
    ) -> bool:
        """Write the totals of a provider; it is created if there are any."""
        totals = _totals(fits)
        provider = shown.get(mark.node)
        if isinstance(provider, _Provider):
            if self._seen.get(mark.node) == (provider.generation, totals):
                return False
        else:
            provider = _find(mark.node, deadline)
        if provider is None:
            if not totals:
                return False
            provider = _create(mark, deadline)
        if find_mark(provider.name) != mark:
            raise exception.ProvisioningConflict(
                reason=f'the resource provider {mark.node} exists in '
                f'Placement without the mark of this Valence as its name'
            )
        if mark.node not in shown and not _join(mark.node, group, deadline):
            return False
        return self._compare_and_put(mark.node, totals, deadline)

    def _compare_and_put(
        self, node: str, totals: dict[str, int], deadline: Deadline
    ) -> bool:
        generation, found = _read(node, deadline)
        if found == totals:
            self._seen[node] = generation, totals
            return False
        for name in sorted(totals.keys() - found.keys()):
            calls.send('PUT', f'/resource_classes/{name}', deadline)
        body = {
            'resource_provider_generation': generation,
            'inventories': {
                name: {'total': total} for name, total in totals.items()
            },
        }
        self._seen.pop(node, None)
        return calls.put(_inventories(node), deadline, body)

    def remove(self, mark: Mark, deadline: Deadline) -> bool:
        """Delete a provider, if it bears the mark."""
        provider = _find(mark.node, deadline)
        if provider is None or find_mark(provider.name) != mark:
            return False
        calls.send('DELETE', f'{_PROVIDERS}/{mark.node}', deadline)
        return True


def class_name(flavor: str) -> str:
    """The resource class that says how many nodes of a flavor fit."""
    name = wanted.placement_class(attributes.class_name(flavor))
    return f'{_CLASS}{name.removeprefix("CUSTOM_")}'


def _totals(fits: Mapping[str, int]) -> dict[str, int]:
    """The totals of resource classes; Placement stores none of zero.

    Names that differ can lead to the same class: then the least counts.
    """
    totals: dict[str, int] = {}
    for flavor, number in fits.items():
        name = class_name(flavor)
        totals[name] = min(number, totals.get(name, _MAX))
    return {name: number for name, number in totals.items() if number > 0}


def _find(node: str, deadline: Deadline) -> _Provider | None:
    found = calls.find(f'{_PROVIDERS}/{node}', deadline)
    return None if found is None else _Provider.of(found)


def _create(mark: Mark, deadline: Deadline) -> _Provider:
    body: JsonObject = {'uuid': mark.node, 'name': str(mark)}
    return _Provider.of(calls.send('POST', _PROVIDERS, deadline, body))


def _join(node: str, group: uuid.UUID, deadline: Deadline) -> bool:
    """Add a provider to the aggregate; False: somebody has changed it."""
    path = f'{_PROVIDERS}/{node}/aggregates'
    found = calls.send('GET', path, deadline)
    with calls.PLACEMENT.calling(deadline):
        body = {
            name: found[name]
            for name in ('aggregates', 'resource_provider_generation')
        }
        body['aggregates'] = sorted({*body['aggregates'], str(group)})
    return calls.put(path, deadline, body)


def _read(node: str, deadline: Deadline) -> tuple[int, dict[str, int]]:
    """The generation and the totals of the inventories of a provider."""
    found = calls.send('GET', _inventories(node), deadline)
    with calls.PLACEMENT.calling(deadline):
        inventories = found['inventories']
        totals = {name: one['total'] for name, one in inventories.items()}
        return found['resource_provider_generation'], totals


def _inventories(node: str) -> str:
    return f'{_PROVIDERS}/{node}/inventories'
