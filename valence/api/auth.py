# SPDX-License-Identifier: Apache-2.0
"""Authentication: one middleware for each ``auth_strategy``.

The middleware puts a request context in the WSGI environment. Nothing else
determines the identity, so headers of the client are never trusted.
"""

import os
import re
from collections.abc import Callable
from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import oslo_middleware
import webob
import webob.exc
from keystonemiddleware import auth_token
from oslo_config import cfg
from oslo_log import log

from valence.api import audit
from valence.api import origin
from valence.api import versions
from valence.common import context
from valence.common import exception

LOG = log.getLogger(__name__)

CONTEXT = 'valence.context'
# The default timeout of requests to Keystone in seconds: if Keystone hangs, it
# must not block all threads.
_KEYSTONE_TIMEOUT = 5
#: The paths of the version documents.
DOCUMENTS = ('', '/v1')
# Pod manager and secret. What is above are events that need a token.
_DELIVERY = re.compile(r'/v1/events/[^/]+/[^/]+/?')


def is_delivery(path: str) -> bool:
    """Whether a path is one where pod managers deliver their events."""
    return _DELIVERY.fullmatch(path) is not None


def is_public(path: str) -> bool:
    """Whether requests for a path need no authentication."""
    return path.rstrip('/') in DOCUMENTS or is_delivery(path)


def wrap(app: WSGIApplication) -> WSGIApplication:
    """Authenticate every request to an application, with two exceptions.

    Version documents are public, because keystoneauth reads them before it has
    a token. Pod managers that send events have no token; the secret in the
    path authenticates them.
    """
    authenticated = _STRATEGIES[cfg.CONF.auth_strategy](app)
    anonymous = _with_context(app, lambda environ: context.anonymous())

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        public = is_public(environ['PATH_INFO'])
        chosen = anonymous if public else authenticated
        return chosen(environ, start_response)

    return dispatch


def _with_context(
    app: WSGIApplication,
    identify: Callable[[WSGIEnvironment], context.RequestContext],
) -> WSGIApplication:
    """Set the request context before the application runs."""

    def wrapped(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[CONTEXT] = identify(environ)
        return app(environ, start_response)

    return wrapped


def _noauth(app: WSGIApplication) -> WSGIApplication:
    LOG.warning(
        'auth_strategy is noauth: every client of the API is an administrator'
    )
    known = origin.hosts()

    def identify(environ: WSGIEnvironment) -> context.RequestContext:
        origin.check(environ, known)
        return context.admin()

    return _with_context(app, identify)


def _http_basic(app: WSGIApplication) -> WSGIApplication:
    """Users of an htpasswd file; all of them are administrators."""
    users = cfg.CONF.oslo_middleware.http_basic_auth_user_file
    if not os.access(users, os.R_OK):
        raise cfg.ConfigFileValueError(
            f'[oslo_middleware] http_basic_auth_user_file: {users} is not '
            f'readable'
        )
    # It does not wrap the application, because it reports every exception of
    # that as a wrong password.
    check = oslo_middleware.BasicAuthMiddleware(webob.Response(), cfg.CONF)

    def identify(environ: WSGIEnvironment) -> context.RequestContext:
        response = webob.Request(environ).get_response(check)
        if response.status_int != 200:
            raise exception.Unauthorized()
        return context.admin(environ['HTTP_X_USER_NAME'])

    return _with_context(app, identify)


class _Tokens(auth_token.AuthProtocol):  # type: ignore[misc]
    """The Keystone middleware; it raises ServiceUnavailable."""

    def fetch_token(self, *args: object, **kwargs: object) -> object:
        """Validate a token.

        :raises ServiceUnavailable: if Keystone does not respond.
        """
        try:
            return super().fetch_token(*args, **kwargs)
        except webob.exc.HTTPServiceUnavailable:
            raise exception.ServiceUnavailable(service='Keystone') from None


def _keystone(app: WSGIApplication) -> WSGIApplication:
    for _, options in auth_token.AUTH_TOKEN_OPTS:
        cfg.set_defaults(
            options,
            http_connect_timeout=_KEYSTONE_TIMEOUT,
            # Access rules of application credentials name the service.
            service_type=versions.SERVICE_TYPE,
        )

    def identify(environ: WSGIEnvironment) -> context.RequestContext:
        # The log names the caller, too.
        return context.bind(context.RequestContext.from_environ(environ))

    tokens: WSGIApplication = _Tokens(
        _with_context(audit.wrap(app), identify),
        {'oslo_config_config': cfg.CONF},
    )
    return tokens


_STRATEGIES: dict[str, Callable[[WSGIApplication], WSGIApplication]] = {
    'noauth': _noauth,
    'http_basic': _http_basic,
    'keystone': _keystone,
}
