# SPDX-License-Identifier: Apache-2.0
"""The log lines of operations: begin, each step, end."""

import logging

from oslo_log import log

from valence.common import logs
from valence.common import metrics
from valence.db import api as db
from valence.db.sqlalchemy import models

LOG = log.getLogger(__name__)


def _fields(operation: models.Operation) -> dict[str, object]:
    """What every line of an operation names."""
    return {
        'operation': operation.uuid,
        'action': operation.action,
        'pod_manager': operation.podm_uuid,
        # node, finding or pod_manager
        operation.target_type.removesuffix('s'): operation.target_uuid,
        'project_id': operation.project_id,
        'user_id': operation.user_id,
        'request_id': operation.request_id,
        'global_request_id': operation.global_request_id,
    }


def begun(operation: models.Operation) -> None:
    """Log that the first step of an operation begins."""
    begun_at = operation.started_at or operation.created_at
    waited = begun_at - operation.created_at
    logs.event(
        LOG,
        'operation begins',
        waited=waited.total_seconds(),
        **_fields(operation),
    )


def step_begun(operation: models.Operation) -> None:
    """Log that a step begins, for those who debug."""
    logs.event(
        LOG,
        'operation step begins',
        logging.DEBUG,
        step=operation.step,
        **_fields(operation),
    )


def step(
    operation: models.Operation,
    row: models.OperationStep,
    outcome: str,
    reason: object = None,
    **more: object,
) -> None:
    """Log how a step, or its undo, ended.

    :param outcome: done, failed or undone; retried if it will run again,
        rejected if another system will be selected.
    """
    age = db.now() - row.created_at
    metrics.STEPS.labels(operation.action, outcome).inc()
    logs.event(
        LOG,
        'operation step',
        step=row.name,
        outcome=outcome,
        duration=age.total_seconds(),
        reason=None if reason is None else str(reason),
        **more,
        **_fields(operation),
    )


def ended(operation: models.Operation) -> None:
    """Log the end of an operation, which is in its row."""
    end = operation.finished_at or db.now()
    begun_at = operation.started_at or operation.created_at
    duration = (end - begun_at).total_seconds()
    metrics.OPERATIONS.labels(operation.action, operation.state).observe(
        duration
    )
    logs.event(
        LOG,
        'operation ends',
        logging.WARNING if operation.error else logging.INFO,
        outcome=operation.state,
        duration=duration,
        reason=operation.error,
        **_fields(operation),
    )
