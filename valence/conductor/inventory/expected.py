# SPDX-License-Identifier: Apache-2.0
"""Findings about hardware that is not what should be there."""

from collections.abc import Iterator
from datetime import datetime

from valence.conductor.inventory import findings
from valence.conductor.inventory.findings import Found
from valence.db import api as db
from valence.db import expected
from valence.db.sqlalchemy import models

_REASONS = {
    'missing': 'The {name} should be there, and is not.',
    'unexpected': 'The {name} is there, and should not be.',
    'different': 'The {name} is not as it should be: {differences}.',
    'moved': 'The {name} is not where it should be: {differences}.',
}
_KINDS = tuple(f'{name}_part' for name in _REASONS)


def write(
    tx: db.Transaction, podm_uuid: str, complete: bool, now: datetime
) -> None:
    """Bring the findings to what the stored inventory says.

    :param complete: whether everything was read: else nothing is opened or
        resolved.
    """
    if not complete:
        return
    parts = expected.stored(tx, podm_uuid)
    rows = tx.list(
        models.Finding,
        models.Finding.open_key.is_not(None),
        podm_uuid=podm_uuid,
        kind=_KINDS,
    ).all()
    found = []
    if parts:
        report = expected.compare(parts, expected.there(tx, podm_uuid))
        found = list(_found(report))
    findings.store(tx, podm_uuid, found, rows, now, by_sync=True)
    keys = {one.key(podm_uuid) for one in found}
    findings.resolve(tx, rows, keys)


def _found(report: expected.Report) -> Iterator[Found]:
    for kind, entries in report.items():
        for entry in entries:  # type: ignore[attr-defined]
            name = entry['serial_number'] or entry['place']
            name = name or entry['resource_uri']
            yield Found(
                f'{kind}_part',
                entry['uuid'] or f'{entry["type"]} {name}',
                _REASONS[kind].format(
                    name=f'{entry["type"]} {name}',
                    differences='; '.join(entry['differences']),
                ),
                resource_uri=entry['resource_uri'],
                details=dict(entry),
            )
