# SPDX-License-Identifier: Apache-2.0
"""The WSGI application: Pecan and middleware."""

import functools
from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import oslo_middleware
import pecan
from oslo_config import cfg
from pecan import core
from pecan import decorators
from pecan import rest
from pecan import routing
from pecan import util

from valence.api import access_log
from valence.api import auth
from valence.api import exposition
from valence.api import healthcheck
from valence.api import hooks
from valence.api import middleware
from valence.api.controllers import root
from valence.common import policy


def _cache_argspecs() -> None:
    """Cache the argument lists that Pecan inspects ten times per request.

    This reduces the cost of routing by four fifths; see
    ``benchmarks/api_overhead.py``.
    """
    cached = functools.cache(util.getargspec)
    for module in (core, decorators, rest, routing):
        module.getargspec = cached


def _cors(app: WSGIApplication) -> WSGIApplication:
    """Let browsers use the API from other origins; off by default."""
    # Without the configuration it would read command line and files again.
    allowed: WSGIApplication = oslo_middleware.CORS(app, cfg.CONF)

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        # It answers every OPTIONS with success, also of others.
        chosen = allowed if 'HTTP_ORIGIN' in environ else app
        return chosen(environ, start_response)

    return dispatch


def _mounted(app: WSGIApplication) -> WSGIApplication:
    """Let links begin with the path where the application is mounted.

    The uwsgi module of Apache ends this path with the slash that follows it.
    """

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ['SCRIPT_NAME'] = environ.get('SCRIPT_NAME', '').rstrip('/')
        return app(environ, start_response)

    return dispatch


def setup_app() -> WSGIApplication:
    """Build the application. The configuration must have been loaded."""
    _cache_argspecs()
    policy.get_enforcer()
    app: WSGIApplication = pecan.make_app(
        root.RootController(),
        debug=False,
        hooks=[hooks.ContextHook()],
        request_cls=hooks.Request,
        force_canonical=False,
        guess_content_type_from_ext=False,
    )
    # From the inside out: the last one gets a request first.
    for wrap in (
        auth.wrap,
        oslo_middleware.RequestBodySizeLimiter,
        healthcheck.HealthCheck,
        exposition.wrap,
        middleware.Errors,
        _cors,
        access_log.AccessLog,
        oslo_middleware.RequestId,
        _mounted,
        oslo_middleware.HTTPProxyToWSGI,
    ):
        app = wrap(app)
    return app
