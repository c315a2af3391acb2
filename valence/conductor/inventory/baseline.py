# SPDX-License-Identifier: Apache-2.0
"""What identifies a node, and how a resource differs from it.

URIs are used again, services are replaced: a resource at the URI of a node is
that node only if it is what was composed.
"""

from collections.abc import Collection
from collections.abc import Iterator

from valence.common import identity
from valence.db import api as db
from valence.db import installation
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.objects.baseline import Baseline
from valence.podmanagers import hardware


def take(seen: hardware.ComposedNode, service_uuid: str | None) -> Baseline:
    """What identifies a node, from what was read of it."""
    return {
        'mark': str(seen.mark) if seen.mark else None,
        'uuid': identity.identifying_uuid(seen.uuid),
        'service_uuid': identity.identifying_uuid(service_uuid),
        'system_uuid': identity.identifying_uuid(seen.system_uuid),
        'serial_number': identity.serial(seen.serial_number),
        'macs': sorted(seen.macs),
        'parts': sorted(map(identity.canonical_uri, seen.resources)),
    }


def expected(tx: db.Transaction, node: models.Node) -> Baseline:
    """The baseline of a node.

    Nodes that were composed before baselines existed are known by the parts
    that are allocated to them.
    """
    if node.baseline is not None:
        return node.baseline
    return {
        'mark': None,
        'service_uuid': None,
        'system_uuid': None,
        'serial_number': None,
        'macs': [],
        'parts': sorted(_allocated(tx, node)),
    }


def claimed(tx: db.Transaction, node: models.Node) -> Baseline:
    """The baseline of a node, with the parts that were attached since."""
    known = expected(tx, node)
    parts = {*known['parts'], *_allocated(tx, node)}
    return {**known, 'parts': sorted(parts)}


def _allocated(tx: db.Transaction, node: models.Node) -> set[str]:
    """The URIs of the parts that are allocated to a node."""
    return {
        identity.canonical_uri(row.resource_uri)
        for model in (models.System, models.Device)
        for row in tx.list(
            model, shares.has(model, node.uuid), only=('resource_uri',)
        )
    }


def differences(
    node_uuid: str,
    expected: Baseline,
    seen: hardware.ComposedNode,
    service_uuid: str | None,
    changing: Collection[str] = (),
) -> list[str]:
    """In what a resource differs from the node that it should be.

    :param seen: what was read of it.
    :param service_uuid: of the service that it was read from.
    :param changing: URIs of parts that may be there or not, because the
        operation attaches or detaches them.
    :returns: both values of each difference, for people; empty: it is the
        node.
    """
    now = take(seen, service_uuid)
    found = [
        *_marks(node_uuid, expected, seen.mark),
        *_values(expected, now),
    ]
    if seen.mark is None and expected['mark'] is None:
        # What others have joined is known from the parts of the node, each of
        # which is changed by itself.
        others = seen.resources if seen.shared else ()
        either = {*changing, *map(identity.canonical_uri, others)}
        found += _unmarked(expected, now, either)
    return found


def other_mark(
    node_uuid: str, expected: Baseline, mark: identity.Mark | None
) -> str | None:
    """How a mark differs from that of a node; None: it is the node's."""
    return next(_marks(node_uuid, expected, mark), None)


def _marks(
    node_uuid: str, expected: Baseline, seen: identity.Mark | None
) -> Iterator[str]:
    mark = identity.find_mark(expected['mark'])
    if mark is None and seen is None:
        return
    # An adopted node has the mark that it had.
    mark = mark or installation.mark(node_uuid)
    if not mark.same_as(seen):
        yield f'mark {mark}, now {seen or "none"}'


def _values(expected: Baseline, now: Baseline) -> Iterator[str]:
    for title, before, after in (
        ('service UUID', expected['service_uuid'], now['service_uuid']),
        ('system UUID', expected['system_uuid'], now['system_uuid']),
        ('serial number', expected['serial_number'], now['serial_number']),
    ):
        if before and after and before != after:
            yield f'{title} {before}, now {after}'
    if now['macs'] and expected['macs']:
        if not {*expected['macs']} & {*now['macs']}:
            yield (
                f'MAC addresses {", ".join(expected["macs"])}, '
                f'now {", ".join(now["macs"])}'
            )


def _unmarked(
    expected: Baseline, now: Baseline, changing: Collection[str]
) -> Iterator[str]:
    """Without a mark, only its parts and its UUID identify its node."""
    uuids = expected.get('uuid'), now.get('uuid')
    if None not in uuids and uuids[0] != uuids[1]:
        yield f'UUID {uuids[0]}, now {uuids[1]}'
    before, after = {*expected['parts']}, {*now['parts']}
    # A part that was lost is drift; one of somebody else's is not.
    gained = after - before - {*changing}
    if before and after and (gained or not before & after):
        yield (
            f'parts {", ".join(expected["parts"])}, '
            f'now {", ".join(now["parts"])}'
        )
