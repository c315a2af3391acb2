# SPDX-License-Identifier: Apache-2.0
"""Choosing what a node boots from."""

from typing import Any

from valence.conductor.actions import steps
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations


class SetBoot(Step):
    """Have the pod manager choose what the node boots from."""

    name = 'set boot'

    def do(self, run: Run) -> dict[str, Any]:
        params = run.operation.params
        run.driver().set_boot(
            allocations.node_uri(run.target),
            params['enabled'],
            params['target'],
            steps.request_deadline(run),
        )
        return {}


class Boot(steps.Change):
    """A node boots from something else."""

    name = 'boot'
    steps = (SetBoot,)
