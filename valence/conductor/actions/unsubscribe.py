# SPDX-License-Identifier: Apache-2.0
"""Unsubscribing: a pod manager that we left need not tell us any more."""

from typing import Any

from oslo_config import cfg

from valence.common import exception
from valence.common import secrets
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader


class Unsubscribe(Step):
    """End a subscription at the place where it was made.

    Its pod manager may be removed or may have moved by now, so the operation
    itself knows how to reach the place.
    """

    name = 'unsubscribe'

    def do(self, run: Run) -> dict[str, Any]:
        params = run.operation.params
        connection = dict(params['connection'])
        connection['password'] = secrets.decrypt(connection['password'])
        driver = loader.drivers()[params['driver']](
            base.Connection(**connection)
        )
        deadline = run.idempotent(cfg.CONF.conductor.status_timeout)
        try:
            driver.unsubscribe(params['subscription'], deadline)
        except exception.PodManagerUnavailable:
            raise
        except exception.PodManagerError as exc:
            return {'problem': str(exc)[:1000]}
        finally:
            driver.close()
        return {}


class Leave(Action):
    """A pod manager delivers no more events to us."""

    name = 'unsubscribe'
    steps = (Unsubscribe,)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        _forget(tx, run)

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        _forget(tx, run)


def _forget(tx: db.Transaction, run: Run) -> None:
    """Keep no password longer than it is of use."""
    tx.update(models.Operation, {'params': {}}, uuid=run.operation.uuid)
