# SPDX-License-Identifier: Apache-2.0
"""Audit of the requests of users, by the middleware of Keystone."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

from keystonemiddleware import audit
from oslo_config import cfg

from valence.common import exception
from valence.common import notifier

_ERROR = 'valence.audit.error'


def wrap(app: WSGIApplication) -> WSGIApplication:
    """Audit every request to an application, if that is enabled.

    Each causes two events: one before it is processed, and one with its
    outcome. It has to be authenticated already. The events of a broker that is
    away are lost, so that no request waits for it.

    :raises ConfigFileValueError: if the map cannot be read.
    """
    options = cfg.CONF.audit
    if not options.enabled:
        return app
    if not os.access(options.audit_map_file, os.R_OK):
        raise cfg.ConfigFileValueError(
            f'[audit] audit_map_file: {options.audit_map_file} is not readable'
        )
    notifier.set_default_retry(0)
    audited = audit.AuditMiddleware(
        _as_response(app),
        audit_map_file=options.audit_map_file,
        ignore_req_list=','.join(options.ignore_req_list),
        oslo_config_config=cfg.CONF,
        # The default level of keystonemiddleware would hide all events.
        log_name=__name__,
    )

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        body: Iterable[bytes] = audited(environ, start_response)
        error = environ.pop(_ERROR, None)
        if error is not None:
            raise error
        return body

    return dispatch


def _as_response(app: WSGIApplication) -> WSGIApplication:
    """Show the status of errors, which are responses only further outside."""

    def convert(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except exception.ValenceException as exc:
            environ[_ERROR] = exc
            start_response(f'{exc.code} {type(exc).__name__}', [])
            return []

    return convert
