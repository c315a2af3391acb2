# SPDX-License-Identifier: Apache-2.0
"""Registering a node with a provisioner, such as Ironic."""

from valence.common.types import JsonObject
from valence.conductor.actions import enrollment
from valence.conductor.actions import steps
from valence.conductor.engine.model import AnyStep
from valence.provisioning import base


class Register(steps.ChangeNode):
    """Register a node with a provisioner."""

    name = 'register'
    steps = enrollment.steps(dict.fromkeys(base.GOALS, True))

    def plan(self, params: JsonObject) -> tuple[type[AnyStep], ...]:
        return enrollment.steps(enrollment.options(params))
