# SPDX-License-Identifier: Apache-2.0
"""Calls of Ironic: what its responses, and the lack of them, mean."""

import contextlib
import math
from collections.abc import Iterator

from keystoneauth1 import exceptions as ksa_exceptions
from openstack import exceptions as sdk_exceptions

from valence.common import exception
from valence.provisioning import base

POLL_SECONDS = 2.0
# Bounds of the time after which a request is repeated.
_LONGEST_PAUSE = 60.0
_SHORTEST_PAUSE = 1.0
# Errors of a wrong configuration.
_MISCONFIGURED = (
    ksa_exceptions.AuthPluginException,
    ksa_exceptions.CatalogException,
)
# Ironic locks a node while it works on it.
_BUSY = (' locked', 'a state transition is in progress')
# Raised by openstacksdk for a response that is not what Ironic sends.
_NOT_UNDERSTOOD = (ValueError, LookupError, TypeError, AttributeError)
# Ironic sends this header with every response of its API.
_VERSION_HEADER = 'x-openstack-ironic-api-version'


@contextlib.contextmanager
def calling(deadline: base.Deadline) -> Iterator[None]:
    """Translate the exceptions of a call of Ironic."""
    if deadline.left() <= 0:
        raise exception.ProvisioningUnavailable(reason='timed out')
    try:
        yield
    except ksa_exceptions.Unauthorized as exc:
        raise _rejected('rejected the credentials of [ironic]', exc) from exc
    except ksa_exceptions.ClientException as exc:
        raise _unreachable(exc) from exc
    except sdk_exceptions.HttpException as exc:
        raise _from_response(exc) from exc
    except sdk_exceptions.SDKException as exc:
        raise _unreachable(exc) from exc
    except _NOT_UNDERSTOOD as exc:
        raise not_understood() from exc


def not_understood() -> exception.ProvisioningUnavailable:
    """The error for a response that is not one of Ironic."""
    return exception.ProvisioningUnavailable(
        reason='what responded at the address of Ironic is not Ironic'
    )


def is_from_ironic(exc: sdk_exceptions.HttpException) -> bool:
    """Whether Ironic itself sent an error response.

    A proxy or load balancer in front of it sends pages of its own.
    """
    response = exc.response
    if response is None or _VERSION_HEADER not in response.headers:
        return False
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False


def _from_response(exc: sdk_exceptions.HttpException) -> Exception:
    """The exception for an error response."""
    status = exc.status_code or 0
    text = str(exc.details or exc.message)
    pause = _pause(exc, status, text)
    if pause is not None:
        return base.InProgress(pause, f'Ironic responded {status}: {text}')
    if status == 401:
        return _rejected('rejected the credentials of [ironic]', exc)
    if status == 403:
        return _rejected('denied the request to the user of [ironic]', exc)
    if status == 404 and not is_from_ironic(exc):
        return not_understood()
    if status >= 500:
        return exception.ProvisioningUnavailable(
            reason=f'Ironic responded {status}: {text[:1000]}'
        )
    return exception.ProvisioningRejected(
        reason=f'Ironic responded: {text[:1000]}'
    )


def _pause(
    exc: sdk_exceptions.HttpException, status: int, text: str
) -> float | None:
    """After how many seconds to repeat a request; None: not for that."""
    if status == 409 and any(words in text for words in _BUSY):
        return POLL_SECONDS
    headers = exc.response.headers if exc.response is not None else {}
    delay = headers.get('Retry-After')
    if status == 429 or (status == 503 and delay):
        return _seconds(delay)
    return None


def _seconds(delay: str | None) -> float:
    """The seconds of a Retry-After header, within bounds."""
    try:
        seconds = float(delay or '')
    except ValueError:
        # It may be a date.
        seconds = POLL_SECONDS
    if not math.isfinite(seconds):
        seconds = _LONGEST_PAUSE
    return min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _rejected(what: str, exc: Exception) -> exception.ProvisioningError:
    text = getattr(exc, 'details', None) or str(exc)
    return exception.ProvisioningRejected(
        reason=f'Ironic {what}: {text[:500]}'
    )


def _unreachable(exc: Exception) -> Exception:
    """The exception for a request without a response of Ironic."""
    text = str(exc).strip() or type(exc).__name__
    line = text.splitlines()[0][:500]
    if getattr(exc, 'http_status', None) == 429:
        return base.InProgress(POLL_SECONDS, line)
    if isinstance(exc, _MISCONFIGURED):
        return exception.ProvisioningError(
            reason=f'[ironic] does not configure a usable Ironic: {line}'
        )
    return exception.ProvisioningUnavailable(
        reason=f'Ironic is unreachable: {line}'
    )
