# SPDX-License-Identifier: Apache-2.0
"""Setting the boot source of a node."""

from typing import TypedDict

from valence.conductor.actions import guard
from valence.conductor.actions import outcome
from valence.conductor.actions import steps
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.boot import BootOverride


class _Required(TypedDict):
    """:param enabled: one of ``ENABLED`` of ``podmanagers.boot``.
    :param target: such as Pxe or Hdd.
    """

    enabled: str
    target: str


class Params(_Required, total=False):
    """:param mode: UEFI or Legacy.
    :param httpbooturi: for the target UefiHttp.
    """

    mode: str | None
    httpbooturi: str | None


class BootResult(steps.NodeResult):
    """:param apply_time: when it takes effect, if the service reports it."""

    apply_time: str | None


class SetBoot(steps.NodeStep[BootResult]):
    """Have the pod manager set the boot source override, until it shows."""

    name = 'set_boot'

    def do(self, run: Run) -> BootResult:
        params = run.params(Params)
        node = guard.owned(run)
        apply_time = run.driver().set_boot(
            node.uri,
            BootOverride(
                params['enabled'],
                params['target'],
                params.get('mode'),
                params.get('httpbooturi'),
            ),
            steps.request_deadline(run),
            run.progress(),
        )
        return {'apply_time': apply_time, 'allowable': node.allowable}

    def record(self, tx: db.Transaction, run: Run, result: BootResult) -> None:
        super().record(tx, run, result)
        params = run.params(Params)
        boot = {
            'enabled': params['enabled'],
            'target': params['target'],
            'mode': params.get('mode'),
        }
        tx.update(models.Node, {'boot': boot}, uuid=run.target)

    def undo(self, run: Run, result: BootResult | None) -> None:
        outcome.cancel(run)


class Boot(steps.ChangeNode):
    """Set the boot source of a node."""

    name = 'boot'
    steps = (SetBoot,)
