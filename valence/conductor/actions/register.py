# SPDX-License-Identifier: Apache-2.0
"""Registering: a node is handed to what provisions it, and taken back."""

from typing import Any

from valence.conductor.actions import enrollment
from valence.conductor.actions import steps
from valence.conductor.engine.model import Step
from valence.provisioning import base


class Register(steps.Change):
    """A node is handed to what provisions it."""

    name = 'register'
    steps = enrollment.steps(dict.fromkeys(base.GOALS, True))

    def plan(self, params: dict[str, Any]) -> tuple[type[Step], ...]:
        return enrollment.steps(enrollment.options(params))
