# SPDX-License-Identifier: Apache-2.0
"""The worker that talks to pod managers."""

from valence.common import service
from valence.conductor import service as conductor_service


def main() -> None:
    """Run a conductor until the process is told to end."""
    service.prepare()
    conductor = conductor_service.Conductor()
    conductor.start()
    service.wait_for_signal()
    conductor.stop()
    service.leave()
