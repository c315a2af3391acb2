# SPDX-License-Identifier: Apache-2.0
"""``valence-conductor``: the worker that manages pod managers."""

from oslo_config import cfg

from valence import collectors
from valence.common import metrics
from valence.common import service
from valence.conductor import service as conductor_service


def main() -> None:
    """Run a conductor until the process receives a signal."""
    service.prepare()
    service.announce('valence-conductor')
    signals = service.catch_signals()
    conductor = conductor_service.Conductor()
    conductor.start()
    if cfg.CONF.metrics.enabled:
        port = cfg.CONF.metrics.conductor_port
        metrics.serve(port, collectors.Process())
    service.wait_for_signal(signals)
    conductor.stop()
    service.exit_now()
