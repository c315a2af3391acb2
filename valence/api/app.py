# SPDX-License-Identifier: Apache-2.0
"""The WSGI application: Pecan, and what is wrapped around it."""

import functools
from typing import Any
from typing import cast

import oslo_middleware
import pecan
from oslo_config import cfg
from pecan import core
from pecan import decorators
from pecan import rest
from pecan import routing
from pecan import util

from valence.api import auth
from valence.api import hooks
from valence.api import middleware
from valence.api.controllers import root
from valence.common import policy


def _remember_argspecs() -> None:
    """Let Pecan look at each function's arguments once, not ten times a call.

    It takes four fifths off the cost of routing; see
    ``benchmarks/api_overhead.py``.
    """
    remembered = functools.cache(util.getargspec)
    for module in (core, decorators, rest, routing):
        module.getargspec = remembered


def _healthcheck(app: Any) -> Any:
    check = oslo_middleware.Healthcheck(None, cfg.CONF)

    def dispatch(environ: dict[str, Any], start_response: Any) -> Any:
        asked = environ['PATH_INFO'].rstrip('/') == '/healthcheck'
        return (check if asked else app)(environ, start_response)

    return dispatch


def setup_app() -> middleware.WSGI:
    """Build the application. The configuration has been read before."""
    _remember_argspecs()
    policy.get_enforcer()
    app: Any = pecan.make_app(
        root.RootController(),
        debug=False,
        hooks=[hooks.ContextHook()],
        request_cls=hooks.Request,
        force_canonical=False,
        guess_content_type_from_ext=False,
    )
    # From the inside out: what stands last sees a request first.
    for wrap in (
        auth.wrap,
        oslo_middleware.RequestBodySizeLimiter,
        _healthcheck,
        middleware.Errors,
        oslo_middleware.RequestId,
        oslo_middleware.HTTPProxyToWSGI,
    ):
        app = wrap(app)
    return cast(middleware.WSGI, app)
