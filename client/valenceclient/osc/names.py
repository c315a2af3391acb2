# SPDX-License-Identifier: Apache-2.0
"""Names in the place of the UUIDs of other resources.

A list asks for the names of a whole batch of rows at once. Where the user may
not see a name, or the resource is gone, the UUID remains.
"""

import argparse
import itertools
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from openstack import exceptions as sdk_exceptions

from valenceclient.osc import output

# The field with the UUID, and the collection that has the name.
_REFERENCES = {
    'pod_manager': ('podm_uuid', 'pod_managers'),
    'flavor': ('flavor_uuid', 'flavors'),
    'node': ('node_uuid', 'nodes'),
    'hold': ('hold_uuid', 'holds'),
    'pool': ('pool_uuid', 'pools'),
    'chassis': ('chassis_uuid', 'chassis'),
    'rack': ('rack_uuid', 'racks'),
    'project': ('project_id', 'projects'),
    # Of any kind: target_type is the collection.
    'target': ('target_uuid', ''),
}
_KIND = 'target_type'
# As many UUIDs as fit in a query parameter.
_BATCH = 100


def fields(column: str) -> set[str]:
    """Return the fields of the API that a column is made of."""
    field, collection = _REFERENCES.get(column, (column, column))
    return {field} if collection else {_KIND, field}


def add_to_rows(
    rows: Iterable[dict[str, Any]], columns: Iterable[str], manager: Any
) -> Iterator[dict[str, Any]]:
    """Add the names for these columns to rows.

    :param manager: the client manager of the ``openstack`` command.
    """
    wanted = [name for name in columns if name in _REFERENCES]
    known = _Known(manager)
    source = iter(rows)
    while batch := list(itertools.islice(source, _BATCH)):
        for name in wanted:
            field, collection = _REFERENCES[name]
            of = [
                (collection or row.get(_KIND), row.get(field)) for row in batch
            ]
            known.learn(of)
            for row, (kind, uuid) in zip(batch, of, strict=True):
                row[name] = known.names.get((kind, uuid)) or uuid
        yield from batch


class _Known:
    """The names that are known, by collection and UUID."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self.names: dict[tuple[Any, Any], str | None] = {}

    def learn(self, of: Iterable[tuple[Any, Any]]) -> None:
        """Get the names of these resources, with a request for each kind."""
        missing: dict[str, set[str]] = {}
        for kind, uuid in of:
            if kind and uuid and (kind, uuid) not in self.names:
                missing.setdefault(kind, set()).add(uuid)
        for kind, uuids in missing.items():
            # Those without a name are not asked for again.
            self.names |= {(kind, uuid): None for uuid in uuids}
            found = self._get(kind, sorted(uuids))
            self.names |= {(kind, uuid): name for uuid, name in found.items()}

    def _get(self, kind: str, uuids: list[str]) -> dict[str, str]:
        if kind == 'projects':
            return _project_names(self._manager)
        method = getattr(self._manager.composable, kind, None)
        if method is None:
            return {}
        try:
            return {
                one.id: one.name
                for one in method(uuid=uuids, fields=['uuid', 'name'])
            }
        except output.REQUEST_ERRORS:
            return {}


def _has_keystone(manager: Any) -> bool:
    auth_type = manager.sdk_connection.config.config['auth_type']
    return auth_type not in ('none', 'http_basic')


def _project_names(manager: Any) -> dict[str, str]:
    """Return the names of all projects, or that of the user's, by ID."""
    if not _has_keystone(manager):
        return {}
    try:
        projects = manager.sdk_connection.identity.projects()
        return {one.id: one.name for one in projects}
    except output.REQUEST_ERRORS:
        own = manager.auth_ref
        return {own.project_id: own.project_name} if own else {}


def find_project_id(manager: Any, project: str) -> str:
    """Return the ID of a project, looked up in Keystone if there is one.

    :param project: its ID or name. If the user may not look it up, it has to
        be the ID.
    :raises NotFoundException: if no project has it.
    """
    if not _has_keystone(manager):
        return project
    try:
        found = manager.sdk_connection.identity.find_project(
            project, ignore_missing=False
        )
    except sdk_exceptions.ForbiddenException:
        return project
    return str(found.id)


def add_project_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a list whose rows belong to projects."""
    parser.add_argument(
        '--all-projects',
        action='store_true',
        help='Show to which project each row belongs. Administrators see '
        'those of all projects, other users those of their own.',
    )
    parser.add_argument(
        '--project',
        metavar='<project>',
        help='Filter: ID or name of the project.',
    )
