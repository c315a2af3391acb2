# SPDX-License-Identifier: Apache-2.0
"""Setting the boot source of a node."""

from typing import TypedDict

from valence.conductor.actions import guard
from valence.conductor.actions import steps
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run


class Params(TypedDict):
    """:param enabled: one of ``BOOT_ENABLED`` of ``podmanagers.base``.
    :param target: such as Pxe or Hdd.
    """

    enabled: str
    target: str


class SetBoot(Step[NoResult]):
    """Have the pod manager set the boot source override."""

    name = 'set_boot'

    def do(self, run: Run) -> NoResult:
        params = run.params(Params)
        run.driver().set_boot(
            guard.owned(run).uri,
            params['enabled'],
            params['target'],
            steps.request_deadline(run),
        )
        return {}


class Boot(steps.ChangeNode):
    """Set the boot source of a node."""

    name = 'boot'
    steps = (SetBoot,)
