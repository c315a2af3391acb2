# SPDX-License-Identifier: Apache-2.0
"""How the API learns who is asking: one way for each ``auth_strategy``.

Each wraps the application and leaves a context in the WSGI environment.
Nothing else is asked for the identity, so that what a client writes into
headers is never believed.
"""

import os
from collections.abc import Callable
from typing import Any

import oslo_middleware
import webob
import webob.exc
from keystonemiddleware import auth_token
from oslo_config import cfg
from oslo_log import log

from valence.common import context
from valence.common import exception

LOG = log.getLogger(__name__)

ASKER = 'valence.asker'
# How long Keystone may take to answer, unless configured otherwise: one that
# hangs must not hold every thread for ever.
_PATIENCE = 5
_DOCUMENTS = ('', '/v1')


def wrap(app: Any) -> Any:
    """Have every request to an application identified, but for a few.

    Anybody may find out which versions there are, as keystoneauth does before
    it has a token. Pod managers have no token when they deliver an event:
    they prove themselves by the secret in the path.
    """
    identified = _STRATEGIES[cfg.CONF.auth_strategy](app)
    anonymous = _as(app, lambda environ: context.anonymous())

    def dispatch(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ['PATH_INFO']
        public = path.rstrip('/') in _DOCUMENTS or path.startswith(
            '/v1/events/'
        )
        return (anonymous if public else identified)(environ, start_response)

    return dispatch


def _as(
    app: Any, identify: Callable[[dict[str, Any]], context.RequestContext]
) -> Any:
    """The application, told who is asking."""

    def identified(environ: dict[str, Any], start_response: Any) -> Any:
        environ[ASKER] = identify(environ)
        return app(environ, start_response)

    return identified


def _noauth(app: Any) -> Any:
    LOG.warning(
        'auth_strategy is noauth: whoever reaches the API is an administrator'
    )
    return _as(app, lambda environ: context.admin())


def _http_basic(app: Any) -> Any:
    """Users of a file of Apache's form; all of them are administrators."""
    users = cfg.CONF.oslo_middleware.http_basic_auth_user_file
    if not os.access(users, os.R_OK):
        raise cfg.ConfigFileValueError(
            f'[oslo_middleware] http_basic_auth_user_file: {users} cannot be '
            f'read'
        )
    # Not around the application: it would take whatever is raised there for
    # a wrong password.
    check = oslo_middleware.BasicAuthMiddleware(webob.Response(), cfg.CONF)

    def identify(environ: dict[str, Any]) -> context.RequestContext:
        answer = webob.Request(environ).get_response(check)
        if answer.status_int != 200:
            raise exception.Unauthorized()
        return context.admin(environ['HTTP_X_USER_NAME'])

    return _as(app, identify)


class _Tokens(auth_token.AuthProtocol):  # type: ignore[misc]
    """The middleware, in our words where Keystone is away."""

    def fetch_token(self, *args: Any, **kwargs: Any) -> Any:
        """What Keystone says of a token.

        :raises ServiceUnavailable: when it says nothing.
        """
        try:
            return super().fetch_token(*args, **kwargs)
        except webob.exc.HTTPServiceUnavailable:
            raise exception.ServiceUnavailable(service='Keystone') from None


def _keystone(app: Any) -> Any:
    for _, options in auth_token.AUTH_TOKEN_OPTS:
        cfg.set_defaults(options, http_connect_timeout=_PATIENCE)
    return _Tokens(
        _as(app, context.RequestContext.from_environ),
        {'oslo_config_config': cfg.CONF},
    )


_STRATEGIES: dict[str, Callable[[Any], Any]] = {
    'noauth': _noauth,
    'http_basic': _http_basic,
    'keystone': _keystone,
}
