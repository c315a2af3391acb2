# SPDX-License-Identifier: Apache-2.0
import sqlalchemy as sa

from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models


class Access(base.Controller[models.PodManagerAccess]):
    """The access list of a pod manager: projects that can use it."""

    def __init__(self) -> None:
        super().__init__(models.PodManagerAccess)
        self.collection = 'access'

    def visible(self, call: base.Call) -> list[sa.ColumnElement[bool]]:
        with db.reader() as tx:
            podm = call.find(tx, models.PodManager, call.ident)
        return [models.PodManagerAccess.podm_uuid == podm.uuid]

    @base.verb(status=201, body=types.CREATE)
    def create(self, call: base.Call) -> base.Answer:
        """Grant a project access to the pod manager."""
        row = _create(call)
        call.set_location('pod_managers', f'{row.podm_uuid}/access')
        return self.render(call, row)

    @base.verb(status=204)
    def delete(self, call: base.Call) -> None:
        """Revoke the access of a project. Its existing nodes stay."""
        _delete(call, call.names[1])


@db.transaction
def _create(tx: db.Transaction, call: base.Call) -> models.PodManagerAccess:
    podm = call.find(tx, models.PodManager, call.ident)
    uuid = tx.create(
        models.PodManagerAccess, podm_uuid=podm.uuid, **call.values
    )
    return tx.list(models.PodManagerAccess, uuid=uuid).one()


@db.transaction
def _delete(tx: db.Transaction, call: base.Call, project_id: str) -> None:
    podm = call.find(tx, models.PodManager, call.ident)
    if not tx.delete(
        models.PodManagerAccess, podm_uuid=podm.uuid, project_id=project_id
    ):
        raise exception.NotFound(kind='A grant to', ident=project_id[:64])
