# SPDX-License-Identifier: Apache-2.0
"""``/healthcheck``: whether the API lives, is ready, and what is wrong.

Nobody is authenticated, so an answer contains neither hosts nor files; the log
does.
"""

from collections.abc import Collection
from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import oslo_middleware
import webob
from oslo_config import cfg

from valence import health
from valence.common import exception

PATH = '/healthcheck'
_READY = f'{PATH}/ready'
# After so many seconds there is a response in any case.
_SECONDS = 5.0


class HealthCheck:
    """Responds to health checks; other requests are passed on."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._alive: WSGIApplication = oslo_middleware.Healthcheck(
            None, cfg.CONF
        )
        self._monitor = health.Monitor()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = webob.Request(environ)
        path = environ['PATH_INFO'].rstrip('/')
        if path not in (PATH, _READY):
            return self._app(environ, start_response)
        if request.method not in ('GET', 'HEAD'):
            raise exception.MethodNotAllowed(
                method=request.method[:16], allow='GET'
            )
        # What an administrator has disabled is neither alive nor ready.
        response = webob.Request({**environ, 'PATH_INFO': PATH}).get_response(
            self._alive
        )
        detailed = request.GET.get('detailed', '').lower() in ('true', '1')
        if response.status_int < 300 and (path == _READY or detailed):
            response = self._look(health.CHECKS if detailed else health.READY)
        body: Iterable[bytes] = response(environ, start_response)
        return body

    def _look(self, names: Collection[str]) -> webob.Response:
        """The response if no check failed.

        :raises Unhealthy: if one did.
        """
        found = self._monitor.look(names, _SECONDS)
        problems = [
            f'{name}: {problem}' for name, problem in found.items() if problem
        ]
        if problems:
            raise exception.Unhealthy(problems=' '.join(problems))
        return webob.Response(json={'checks': dict.fromkeys(found, 'ok')})
