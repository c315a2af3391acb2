# SPDX-License-Identifier: Apache-2.0
"""``valence-conductor``: the worker that manages pod managers."""

from valence.common import service
from valence.conductor import service as conductor_service


def main() -> None:
    """Run a conductor until the process receives a signal."""
    service.prepare()
    service.announce('valence-conductor')
    conductor = conductor_service.Conductor()
    conductor.start()
    service.wait_for_signal()
    conductor.stop()
    service.exit_now()
