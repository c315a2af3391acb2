# SPDX-License-Identifier: Apache-2.0
"""What a process counts and measures, for Prometheus.

Labels have few values: no UUID, project or path of a request is one. The name
of a pod manager may be one. Counting
costs microseconds, also where nobody reads it.

An API that runs as several processes, as under uwsgi, needs the environment
variable PROMETHEUS_MULTIPROC_DIR: then each process answers for all.
"""

import os

import prometheus_client as prometheus
from oslo_config import cfg
from oslo_log import log
from prometheus_client import multiprocess
from prometheus_client import registry

LOG = log.getLogger(__name__)

# From a fast read to a composition that erases drives, in seconds.
_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG = (1, 5, 15, 30, 60, 120, 300, 900, 3600, 14400, 86400)

REQUESTS = prometheus.Histogram(
    'valence_api_request_seconds',
    'Time to serve a request, by template of the path.',
    ['method', 'route', 'status'],
    buckets=_SHORT,
)
OPERATIONS = prometheus.Histogram(
    'valence_operation_seconds',
    'Time from the first step of an operation to its end, by final state.',
    ['action', 'state'],
    buckets=_LONG,
)
STEPS = prometheus.Counter(
    'valence_operation_steps',
    'Steps that ended, by outcome.',
    ['action', 'outcome'],
)
CLAIMS = prometheus.Counter(
    'valence_operation_claims',
    'Claims of operations: won, or lost while the operation ran.',
    ['outcome'],
)
PROBES = prometheus.Summary(
    'valence_pod_manager_probe_seconds',
    'Time to poll the status of a pod manager, with all its requests.',
    ['pod_manager'],
)
LOG_FAILURES = prometheus.Counter(
    'valence_log_failures',
    'Messages that could not be written to the log.',
)
SYNC_REQUESTS = prometheus.Summary(
    'valence_sync_requests',
    'Requests to a pod manager to read its inventory.',
)
EVENTS = prometheus.Counter(
    'valence_events',
    'Events of pod managers, over a stream or delivered.',
    ['source'],
)
STATUS_CHANGES = prometheus.Counter(
    'valence_pod_manager_status_changes',
    'Changes of the status of pod managers.',
    ['status'],
)


def _is_shared() -> bool:
    """Whether several processes count together."""
    return 'PROMETHEUS_MULTIPROC_DIR' in os.environ


def exposed(*collectors: registry.Collector) -> prometheus.CollectorRegistry:
    """The metrics to expose.

    :param collectors: of what is read when somebody asks.
    """
    result = prometheus.CollectorRegistry()
    if _is_shared():
        multiprocess.MultiProcessCollector(result)  # type: ignore[no-untyped-call]
    else:
        result.register(prometheus.REGISTRY)
    for collector in collectors:
        result.register(collector)
    return result


def serve(port: int, *collectors: registry.Collector) -> None:
    """Serve the metrics on a port of their own.

    :raises OSError: if it is in use.
    """
    host = cfg.CONF.metrics.host
    server, _ = prometheus.start_http_server(
        port, addr=host, registry=exposed(*collectors)
    )
    LOG.info('Metrics are at http://%s:%s/', host, server.server_port)
