# SPDX-License-Identifier: Apache-2.0
"""The stateless API, any number of copies."""

from valence.api import server
from valence.common import service


def main() -> None:
    """Serve the API until the process is told to end."""
    service.prepare()
    api = server.Server()
    api.start()
    service.wait_for_signal()
    api.stop()
