# SPDX-License-Identifier: Apache-2.0
"""Switching a node on or off, or restarting it."""

from typing import Any

from valence.conductor.actions import steps
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations


class Send(Step):
    """Have the pod manager reset the node.

    After a crash it may be done twice; a machine that restarts twice is no
    worse than one that never did.
    """

    name = 'reset'

    def do(self, run: Run) -> dict[str, Any]:
        run.driver().reset(
            allocations.node_uri(run.target),
            run.operation.params['type'],
            steps.request_deadline(run),
        )
        return {}


class Reset(steps.Change):
    """A node is switched on or off, or restarted."""

    name = 'reset'
    steps = (Send, steps.Look)
