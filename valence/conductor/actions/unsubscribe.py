# SPDX-License-Identifier: Apache-2.0
"""Ending an event subscription."""

import contextlib
from typing import TypedDict

from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import loader


class Params(TypedDict):
    """The parameters of the operation.

    :param connection: how to reach it; the passwords are encrypted.
    """

    driver: str
    subscription: str
    connection: JsonObject


class UnsubscribeResult(TypedDict, total=False):
    """:param problem: why the pod manager rejected the request."""

    problem: str


class DeleteSubscription(Step[UnsubscribeResult]):
    """Delete the subscription on its pod manager.

    The pod manager may have been removed, or have moved, by now. The
    parameters of the operation therefore contain the address and the login.
    """

    name = 'unsubscribe'

    def do(self, run: Run) -> UnsubscribeResult:
        params = run.params(Params)
        connection = loader.decrypt(params['connection'])
        cls = loader.drivers()[params['driver']]
        deadline = run.idempotent(connection.status_timeout)
        with contextlib.closing(cls(connection)) as driver:
            try:
                driver.unsubscribe(params['subscription'], deadline)
            except exception.PodManagerUnavailable:
                raise
            except exception.PodManagerError as exc:
                return {'problem': str(exc)[:1000]}
        return {}


class Unsubscribe(Action):
    """End an event subscription of a pod manager."""

    name = 'unsubscribe'
    steps = (DeleteSubscription,)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        _delete_params(tx, run)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        _delete_params(tx, run)


def _delete_params(tx: db.Transaction, run: Run) -> None:
    """Keep the password no longer than it is needed."""
    tx.update(models.Operation, {'params': {}}, uuid=run.operation.uuid)
