# SPDX-License-Identifier: Apache-2.0
"""Findings: hardware that should not be there, or is missing.

A sync writes down what it found and changes nothing on hardware. People act on
findings, and for a few kinds a repair that waits; see ``[repair]``.
"""

import dataclasses
from collections.abc import Collection
from collections.abc import Iterable
from datetime import datetime
from datetime import timedelta

from oslo_config import cfg

from valence.common.types import JsonObject
from valence.conductor import requests
from valence.conductor.inventory import baseline
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.objects.baseline import Baseline
from valence.objects.condition import QUIET
from valence.podmanagers import hardware

_LONGEST_REASON = 4096
# How many complete syncs have to see what is repaired.
_SYNCS_BEFORE_REPAIR = 2
_CLOSED = {'state': 'resolved', 'open_key': None}
# What identifies the resource that was found.
_IDENTITY = (
    *('mark', 'uuid', 'system_uuid', 'serial_number', 'macs'),
    *('parts', 'differences'),
)


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is to say about one piece of hardware or one node.

    :param subject: UUID of the node that the resource is marked with, else
        the canonical URI of the resource.
    :param details: what was seen, as data.
    """

    kind: str
    subject: str
    reason: str
    resource_uri: str | None = None
    node_uuid: str | None = None
    name: str | None = None
    project_id: str | None = None
    details: JsonObject = dataclasses.field(default_factory=dict)

    @classmethod
    def about(
        cls,
        node: models.Node,
        kind: str,
        subject: str,
        reason: str,
        uri: str | None,
        details: JsonObject | None = None,
    ) -> 'Found':
        """What there is to say about a node, or a part of it.

        :param uri: of the resource that was found, or is missing.
        """
        return cls(
            kind,
            subject,
            reason,
            resource_uri=uri,
            node_uuid=node.uuid,
            name=node.name,
            project_id=node.project_id,
            details=details or {},
        )

    def columns(self) -> dict[str, object]:
        """What is stored of it, and may differ when it is seen again."""
        return {
            'resource_uri': self.resource_uri,
            'node_uuid': self.node_uuid,
            'name': self.name,
            'project_id': self.project_id,
            'reason': self.reason[:_LONGEST_REASON],
            'details': self.details,
        }

    def key(self, podm_uuid: str | None) -> str:
        """What makes it unique among the findings that are not over."""
        return open_key(podm_uuid, self.kind, self.subject)

    def same_as(self, row: models.Finding) -> bool:
        """Whether a finding is about the same thing in the same state.

        What was not known of one of the two is no difference.
        """
        pairs = [(row.details.get(n), self.details.get(n)) for n in _IDENTITY]
        return all(old == new for old, new in pairs if old and new)


def open_key(podm_uuid: str | None, kind: str, subject: str) -> str:
    """What makes a finding unique among those that are not over."""
    return diff.uri_hash('\n'.join((podm_uuid or '', kind, subject)))


def recorded(finding: models.Finding) -> Baseline:
    """What identifies the resource that a finding is about."""
    return {
        'mark': finding.details.get('mark'),
        'uuid': finding.details.get('uuid'),
        'service_uuid': finding.details.get('service_uuid'),
        'system_uuid': finding.details.get('system_uuid'),
        'serial_number': finding.details.get('serial_number'),
        'macs': finding.details.get('macs') or [],
        'parts': finding.details.get('parts') or [],
    }


def changed_hardware(
    node: models.Node, seen: hardware.ComposedNode, different: Iterable[str]
) -> Found:
    """What there is to say when a resource is not its node any more."""
    differences = list(different)
    return Found.about(
        node,
        'changed_hardware',
        node.uuid,
        f'{seen.uri} is not what node {node.name} was made of: '
        f'{"; ".join(differences)}.',
        seen.uri,
        {**baseline.take(seen, None), 'differences': differences},
    )


def left_behind(
    tx: db.Transaction, node: models.Node, podm: models.PodManager | None
) -> Found:
    """What there is to say about a node that is deleted by force.

    Its service is kept too: it may be registered again.
    """
    known = baseline.claimed(tx, node)
    service_uuid = known['service_uuid'] or (podm and podm.service_uuid)
    what = node.resource_uri or 'What was requested for it'
    return Found.about(
        node,
        'left_behind',
        node.resource_uri or node.uuid,
        f'{what} was node {node.name} ({node.uuid}), which was deleted by '
        f'force.',
        node.resource_uri,
        {
            **known,
            'service_uuid': service_uuid,
            'service_url': podm.canonical_url if podm else None,
        },
    )


def open_finding(
    tx: db.Transaction,
    podm_uuid: str | None,
    found: Found,
    now: datetime,
) -> None:
    """Open a finding, or note that an open one was seen again."""
    row = tx.get(models.Finding, open_key=found.key(podm_uuid))
    store(tx, podm_uuid, [found], [row] if row else [], now)


def store(
    tx: db.Transaction,
    podm_uuid: str | None,
    found: Iterable[Found],
    rows: Iterable[models.Finding],
    now: datetime,
    *,
    by_sync: bool = False,
) -> None:
    """Open findings, or note that they were seen again.

    :param rows: the findings that are not over yet.
    :param by_sync: whether a complete sync saw them.
    """
    known = {row.open_key: row for row in rows}
    new, changed, seen = [], [], []
    for key, one in {one.key(podm_uuid): one for one in found}.items():
        row = known.get(key)
        if row is None:
            new.append(_new(podm_uuid, one, key, now, by_sync))
            continue
        seen.append(row.uuid)
        values = _changes(row, one, now)
        if values is not None:
            changed.append({'uuid': row.uuid, **values})
    tx.create_many(models.Finding, new)
    tx.update_many(models.Finding, changed)
    if seen:
        values = {'last_seen_at': now}
        if by_sync:
            values['syncs'] = models.Finding.syncs + 1
        tx.update(models.Finding, values, uuid=seen)


def _new(
    podm_uuid: str | None,
    found: Found,
    key: str,
    now: datetime,
    by_sync: bool,
) -> dict[str, object]:
    return {
        'podm_uuid': podm_uuid,
        'kind': found.kind,
        'subject': found.subject,
        'state': 'open',
        'syncs': int(by_sync),
        'first_seen_at': now,
        'last_seen_at': now,
        'open_key': key,
        **found.columns(),
    }


def _changes(
    row: models.Finding, found: Found, now: datetime
) -> dict[str, object] | None:
    """The new values of a finding that was seen again, if any are new."""
    same = found.same_as(row)
    if row.state == 'forgotten' and same:
        return None
    values = {
        **found.columns(),
        'state': row.state,
        'accepted_until': row.accepted_until,
        'first_seen_at': row.first_seen_at,
    }
    if row.state == 'forgotten':
        values |= {'state': 'open', 'first_seen_at': now}
    elif row.accepted_until is not None and row.accepted_until <= now:
        values |= {'state': 'open', 'accepted_until': None}
    different = any(getattr(row, name) != new for name, new in values.items())
    return values if different else None


def resolve(
    tx: db.Transaction,
    rows: Iterable[models.Finding],
    found_again: Collection[str],
) -> None:
    """Close what is no longer so; what was forgotten stays forgotten.

    :param rows: findings that a complete sync would have seen again.
    :param found_again: keys of the findings that stay open.
    """
    gone = [row for row in rows if row.open_key not in found_again]
    for values, uuids in (
        (_CLOSED, [r.uuid for r in gone if r.state != 'forgotten']),
        ({'open_key': None}, [r.uuid for r in gone if r.state == 'forgotten']),
    ):
        if uuids:
            tx.update(models.Finding, values, uuid=uuids)


def request_repairs(tx: db.Transaction, podm_uuid: str, now: datetime) -> None:
    """Request the repair of findings that have waited long enough, once."""
    if conditions.is_quiet(tx, podm_uuid):
        return
    before = now - timedelta(seconds=cfg.CONF.repair.grace)
    rows = tx.list(
        models.Finding,
        models.Finding.syncs >= _SYNCS_BEFORE_REPAIR,
        models.Finding.first_seen_at <= before,
        models.Finding.repair.is_(None),
        podm_uuid=podm_uuid,
        state='open',
        kind=tuple(cfg.CONF.repair.kinds),
    ).all()
    for row in rows:
        lock = requests.adoption_lock(podm_uuid, row.resource_uri or '')
        if tx.get(models.Operation, lock_key=lock) is None and not (
            row.node_uuid and _is_quiet(tx, row.node_uuid)
        ):
            requests.request_repair(tx, None, row)


def _is_quiet(tx: db.Transaction, node_uuid: str) -> bool:
    """Whether a condition of the hardware of a node keeps it from repair."""
    node = tx.get(models.Node, uuid=node_uuid)
    holding = conditions.of_node(tx, node) if node else None
    return holding is not None and holding.first(QUIET) is not None


def close(
    tx: db.Transaction, podm_uuid: str | None, kind: str, subject: str
) -> None:
    """Close a finding, if there is one, because it is no longer so."""
    key = open_key(podm_uuid, kind, subject)
    row = tx.get(models.Finding, open_key=key)
    resolve(tx, [row] if row else [], ())


def resolve_node(tx: db.Transaction, node_uuid: str) -> None:
    """Close what was found about a node that is deleted now."""
    tx.update(
        models.Finding,
        _CLOSED,
        models.Finding.open_key.is_not(None),
        models.Finding.kind != 'left_behind',
        node_uuid=node_uuid,
    )


def resolve_uri(tx: db.Transaction, podm_uuid: str, uri: str) -> None:
    """Close what was found about a resource that is a node now."""
    tx.update(
        models.Finding,
        _CLOSED,
        models.Finding.open_key.is_not(None),
        podm_uuid=podm_uuid,
        resource_uri=uri,
        kind=('existing_node', 'unknown_node', 'left_behind'),
    )
