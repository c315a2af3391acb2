# SPDX-License-Identifier: Apache-2.0
"""Calls of other services of OpenStack, and what their responses mean.

They are sent by openstacksdk, authenticated as a group of the configuration
says.
"""

import contextlib
import dataclasses
import math
import threading
from collections.abc import Iterator
from typing import Any

import openstack
from keystoneauth1 import exceptions as ksa_exceptions
from keystoneauth1 import loading
from keystoneauth1 import session as ks_session
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg

from valence.common import context
from valence.common import exception
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress

POLL_SECONDS = 2.0
# Bounds of the time after which a request is repeated.
_LONGEST_PAUSE = 60.0
_SHORTEST_PAUSE = 1.0
# Errors of a wrong configuration.
_MISCONFIGURED = (
    ksa_exceptions.AuthPluginException,
    ksa_exceptions.CatalogException,
)
# Raised by openstacksdk for a response that is not what the service sends.
_NOT_UNDERSTOOD = (ValueError, LookupError, TypeError, AttributeError)


class _Session(ks_session.Session):
    """A session whose requests name the API request that they are for."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get('global_request_id') is None:
            kwargs['global_request_id'] = context.current_request_id()
        return super().request(*args, **kwargs)


class _Loader(loading.session.Session):
    """Loads such a session."""

    @property
    def plugin_class(self) -> type[ks_session.Session]:
        return _Session


@dataclasses.dataclass(frozen=True)
class Service:
    """A service of OpenStack.

    :param name: as people call it.
    :param group: the group of the configuration.
    :param kind: its type, as openstacksdk calls its proxy.
    :param header: what it sends with every response of its API, in lower
        case.
    :param busy: texts of a conflict that passes.
    """

    name: str
    group: str
    kind: str
    header: str
    busy: tuple[str, ...] = ()

    def connect(self) -> Any:
        """The proxy of openstacksdk.

        :raises ProvisioningError: if it is not configured.
        """
        auth = loading.load_auth_from_conf_options(cfg.CONF, self.group)
        if auth is None:
            raise exception.ProvisioningError(
                reason=f'{self.name} is not configured: [{self.group}] '
                f'auth_type is not set'
            )
        session = _Loader().load_from_conf_options(
            cfg.CONF, self.group, auth=auth
        )
        connection = openstack.connection.Connection(
            session=session, oslo_conf=cfg.CONF, service_types=[self.kind]
        )
        return getattr(connection, self.kind)

    @contextlib.contextmanager
    def calling(self, deadline: Deadline) -> Iterator[None]:
        """Translate the exceptions of a call."""
        if deadline.left() <= 0:
            raise exception.ProvisioningUnavailable(
                reason=f'timed out before another request to {self.name}'
            )
        credentials = f'rejected the credentials of [{self.group}]'
        try:
            yield
        except ksa_exceptions.Unauthorized as exc:
            raise self._rejected(credentials, exc) from exc
        except ksa_exceptions.ClientException as exc:
            raise self._unreachable(exc) from exc
        except sdk_exceptions.HttpException as exc:
            raise self._from_response(exc) from exc
        except sdk_exceptions.SDKException as exc:
            raise self._unreachable(exc) from exc
        except _NOT_UNDERSTOOD as exc:
            raise self.not_understood() from exc

    def not_understood(self) -> exception.ProvisioningUnavailable:
        """The error for a response that is not one of the service."""
        return exception.ProvisioningUnavailable(
            reason=f'what responded at the address of {self.name} is not '
            f'{self.name}'
        )

    def has_sent(self, exc: sdk_exceptions.HttpException) -> bool:
        """Whether the service itself sent an error response.

        A proxy or load balancer in front of it sends pages of its own.
        """
        response = exc.response
        if response is None or self.header not in response.headers:
            return False
        try:
            return isinstance(response.json(), dict)
        except ValueError:
            return False

    def _from_response(self, exc: sdk_exceptions.HttpException) -> Exception:
        """The exception for an error response."""
        status = exc.status_code or 0
        text = str(exc.details or exc.message)
        pause = self._pause(exc, status, text)
        if pause is not None:
            return InProgress(pause, f'{self.name} responded {status}: {text}')
        if status == 401:
            return self._rejected(
                f'rejected the credentials of [{self.group}]', exc
            )
        if status == 403:
            return self._rejected(
                f'denied the request to the user of [{self.group}]', exc
            )
        if status == 404 and not self.has_sent(exc):
            return self.not_understood()
        if status >= 500:
            return exception.ProvisioningUnavailable(
                reason=f'{self.name} responded {status}: {text[:1000]}'
            )
        return exception.ProvisioningRejected(
            reason=f'{self.name} responded: {text[:1000]}'
        )

    def _pause(
        self, exc: sdk_exceptions.HttpException, status: int, text: str
    ) -> float | None:
        """After how many seconds to repeat a request; None: not for that."""
        if status == 409 and any(words in text for words in self.busy):
            return POLL_SECONDS
        headers = exc.response.headers if exc.response is not None else {}
        delay = headers.get('Retry-After')
        if status == 429 or (status == 503 and delay):
            return _seconds(delay)
        return None

    def _rejected(
        self, what: str, exc: Exception
    ) -> exception.ProvisioningError:
        text = getattr(exc, 'details', None) or str(exc)
        return exception.ProvisioningRejected(
            reason=f'{self.name} {what}: {text[:500]}'
        )

    def _unreachable(self, exc: Exception) -> Exception:
        """The exception for a request without a response of the service."""
        text = str(exc).strip() or type(exc).__name__
        line = text.splitlines()[0][:500]
        if getattr(exc, 'http_status', None) == 429:
            return InProgress(POLL_SECONDS, line)
        if isinstance(exc, _MISCONFIGURED):
            return exception.ProvisioningError(
                reason=f'[{self.group}] does not configure a usable '
                f'{self.name}: {line}'
            )
        return exception.ProvisioningUnavailable(
            reason=f'{self.name} is unreachable: {line}'
        )


class Proxy:
    """The proxy of openstacksdk for a service, connected on first use."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._known: Any = None

    def connected(self) -> Any:
        """The proxy. To be called within ``calling``.

        :raises ProvisioningError: if the service is not configured.
        """
        with self._lock:
            if self._known is None:
                self._known = self._service.connect()
            return self._known

    def forget(self) -> None:
        """Connect again on next use, as the configuration says then."""
        with self._lock:
            self._known = None


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
