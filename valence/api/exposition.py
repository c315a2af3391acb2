# SPDX-License-Identifier: Apache-2.0
"""``/metrics``, if [metrics] enabled."""

from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import prometheus_client
from oslo_config import cfg
from prometheus_client import registry

from valence import collectors
from valence.common import metrics

PATH = '/metrics'


def collected() -> tuple[registry.Collector, ...]:
    """What is read when somebody asks."""
    return collectors.Database(), collectors.Process(), collectors.Health()


def wrap(app: WSGIApplication) -> WSGIApplication:
    """Serve the metrics beside an application, where that is configured."""
    options = cfg.CONF.metrics
    if not options.enabled or options.api_port is not None:
        return app
    exposition: WSGIApplication = prometheus_client.make_wsgi_app(
        metrics.exposed(*collected())
    )

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        chosen = exposition if environ['PATH_INFO'] == PATH else app
        return chosen(environ, start_response)

    return dispatch
