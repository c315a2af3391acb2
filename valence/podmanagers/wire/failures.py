# SPDX-License-Identifier: Apache-2.0
"""Why there is no complete response, for people."""

import requests

from valence.common import exception
from valence.podmanagers.progress import Deadline

# What the standard library calls the response of a proxy that does not
# connect us.
_NO_TUNNEL = 'Tunnel connection failed'


def explain(
    exc: Exception, method: str, uri: str, deadline: Deadline
) -> exception.PodManagerUnavailable:
    """The exception for a request without a response."""
    unsent = (
        isinstance(
            exc, requests.ConnectTimeout | requests.exceptions.ProxyError
        )
        or 'NewConnectionError' in repr(exc)
        or _NO_TUNNEL in repr(exc)
    )
    kind = exception.NotSent if unsent else exception.PodManagerUnavailable
    return kind(reason=_reason(exc, method, uri, deadline))


def _reason(exc: Exception, method: str, uri: str, deadline: Deadline) -> str:
    """Why there is no response, for people."""
    text = str(exc)
    if isinstance(exc, requests.exceptions.ProxyError) or _NO_TUNNEL in text:
        return f'the proxy cannot be used: {_innermost(exc)}'
    if isinstance(exc, requests.exceptions.SSLError) or 'SSL' in text:
        return f'the TLS certificate or protocol is bad: {_innermost(exc)}'
    if deadline.left() <= 0 or isinstance(exc, requests.Timeout):
        return f'timed out waiting for the response of {method} {uri}'
    if 'NameResolutionError' in text or 'getaddrinfo' in text:
        return 'the host name cannot be resolved'
    if 'Connection refused' in text:
        return 'the connection was refused'
    return f'{method} {uri} failed: {_innermost(exc)}'


def _innermost(exc: BaseException) -> str:
    """The message of the exception that caused the others."""
    while True:
        reason = getattr(exc, 'reason', None)
        inner = next(
            (
                arg
                for arg in (reason, *exc.args)
                if isinstance(arg, BaseException)
            ),
            None,
        )
        if inner is None:
            return (str(exc) or type(exc).__name__)[:300]
        exc = inner
