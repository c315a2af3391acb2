# SPDX-License-Identifier: Apache-2.0
"""What a conductor works on, compared with what the database says."""

import threading

from oslo_log import log

from valence.conductor import queue
from valence.conductor.engine.run import Run

LOG = log.getLogger(__name__)


class Claims:
    """The runs of this conductor, by the token of their claim.

    The database may know other claims: it may have committed one although the
    connection broke before the response, and it may have lost what it had
    committed, for example in a switch-over to a replica that lagged behind.
    """

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def add(self, token: str, run: Run) -> None:
        """Note what is worked on from now on."""
        with self._lock:
            self._runs[token] = run

    def discard(self, token: str) -> None:
        """Note that something is not worked on any more."""
        with self._lock:
            self._runs.pop(token, None)

    def reconcile(self, conductor: str) -> None:
        """Requeue unknown claims, and abandon runs whose claim is gone.

        Nothing may be claimed at the same time.

        :param conductor: the UUID of this conductor.
        """
        with self._lock:
            runs = dict(self._runs)
        stored = queue.claims(conductor)
        unknown = stored - runs.keys()
        if unknown and queue.release_claims(conductor, unknown):
            LOG.warning(
                'Requeued %d operations that this conductor had claimed '
                'without knowing it',
                len(unknown),
            )
        for token in runs.keys() - stored:
            runs[token].abandon()
