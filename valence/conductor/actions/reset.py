# SPDX-License-Identifier: Apache-2.0
"""Changing the power state of a node."""

from typing import TypedDict

from valence.conductor import states
from valence.conductor.actions import guard
from valence.conductor.actions import outcome
from valence.conductor.actions import steps
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.podmanagers import power


class Params(TypedDict):
    """:param type: one of ``RESET_TYPES`` of ``podmanagers.base``."""

    type: str


class SendReset(Step[NoResult]):
    """Have the pod manager reset the node, until its power state shows it.

    What must not be repeated is sent once, by any conductor: the
    driver records that before. If its answer is lost, the node is looked at.
    """

    name = 'reset'

    def do(self, run: Run) -> NoResult:
        reset_type = run.params(Params)['type']
        if reset_type in power.ONCE:
            deadline = run.non_idempotent(run.request_timeout())
        else:
            deadline = steps.request_deadline(run)
        run.driver().reset(
            guard.owned(run).uri, reset_type, deadline, run.progress()
        )
        return {}

    def undo(self, run: Run, result: NoResult | None) -> None:
        outcome.cancel(run)


class PowerResult(steps.NodeResult):
    """:param power_state: one of those of ``objects.Node``."""

    power_state: str


class ReadPowerState(steps.NodeStep[PowerResult]):
    """Read the power state after the reset."""

    name = 'read_power_state'

    def do(self, run: Run) -> PowerResult:
        node = run.driver().read_node(
            allocations.node_uri(run.target), steps.request_deadline(run)
        )
        return {
            'power_state': node.power_state,
            'allowable': node.allowable,
        }


class Reset(steps.ChangeNode):
    """Switch a node on or off, or restart it."""

    name = 'reset'
    steps = (SendReset, ReadPowerState)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        states.move_node(
            tx,
            run.target,
            'active',
            power_state=run.result(ReadPowerState)['power_state'],
            **states.NO_ERROR,
        )
