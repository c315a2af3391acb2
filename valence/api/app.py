# SPDX-License-Identifier: Apache-2.0
"""The WSGI application: Pecan and middleware."""

import functools
from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import oslo_middleware
import pecan
import webob
from oslo_config import cfg
from pecan import core
from pecan import decorators
from pecan import rest
from pecan import routing
from pecan import util

from valence.api import access_log
from valence.api import auth
from valence.api import deliveries
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


# The variables of the headers that proxies add.
_OF_PROXIES = (
    'HTTP_FORWARDED',
    'HTTP_X_FORWARDED_PROTO',
    'HTTP_X_FORWARDED_HOST',
    'HTTP_X_FORWARDED_FOR',
    'HTTP_X_FORWARDED_PREFIX',
)

# What oslo.middleware does for a request without these headers is nothing, but
# each class of it makes two WebOb objects for that, half of the time that
# showing a resource takes.


def _size_limit(app: WSGIApplication) -> WSGIApplication:
    """Limit the size of bodies."""
    return middleware.only_with(
        ('CONTENT_LENGTH', 'HTTP_TRANSFER_ENCODING'),
        oslo_middleware.RequestBodySizeLimiter(app, cfg.CONF),
        app,
    )


def _cors(app: WSGIApplication) -> WSGIApplication:
    """Let browsers use the API from other origins; off by default."""
    # Without the configuration it would read command line and files again.
    allowed = oslo_middleware.CORS(app, cfg.CONF)
    # It would answer every OPTIONS with success, also those of others.
    return middleware.only_with(('HTTP_ORIGIN',), allowed, app)


def _behind_proxy(app: WSGIApplication) -> WSGIApplication:
    """Use the headers that proxies add; off by default."""
    headers = oslo_middleware.HTTPProxyToWSGI(app, cfg.CONF)

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if any(environ.get(name) for name in _OF_PROXIES):
            headers.process_request(webob.Request(environ))
        return app(environ, start_response)

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
        _size_limit,
        healthcheck.HealthCheck,
        exposition.wrap,
        deliveries.Deliveries,
        middleware.Errors,
        _cors,
        access_log.AccessLog,
        middleware.with_request_id,
        _mounted,
        _behind_proxy,
    ):
        app = wrap(app)
    return app
