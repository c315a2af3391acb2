# SPDX-License-Identifier: Apache-2.0
"""``valence-api``: the stateless API."""

from valence.api import server
from valence.common import service


def main() -> None:
    """Serve the API until the process receives a signal."""
    service.prepare()
    service.announce('valence-api')
    signals = service.catch_signals()
    api = server.Server()
    api.start()
    service.wait_for_signal(signals)
    api.stop()
