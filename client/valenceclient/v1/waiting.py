# SPDX-License-Identifier: Apache-2.0
"""Methods of the proxy that wait for the service."""

import logging
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import TypeVar

from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions
from openstack import proxy

from valenceclient.v1 import errors
from valenceclient.v1 import resources

R = TypeVar('R', bound=resources.Resource)

Progress = Callable[[resources.Operation], None]

OPEN_STATES = ('pending', 'running')
LOG = logging.getLogger(__name__)
# An operation goes on while the service does not respond for this long.
_MAX_OUTAGE_SECONDS = 120


class Waiting(proxy.Proxy):
    """Waits for operations and for inventories."""

    def wait_for_operation(
        self,
        resource: resources.Resource | str,
        interval: float = 1,
        wait: float | None = None,
        callback: Progress | None = None,
    ) -> resources.Operation:
        """Wait until an operation has ended.

        :param resource: the operation, its UUID, or the result of the method
            that started it.
        :param interval: seconds between two requests.
        :param wait: timeout in seconds; None for no timeout.
        :param callback: called with the operation after every request.
        :raises: :class:`~openstack.exceptions.ResourceFailure` with the error
            of the operation, if it failed or was cancelled;
            :class:`~openstack.exceptions.ResourceTimeout` on timeout.
        """
        uuid = getattr(resource, 'operation_uuid', None) or resource
        if isinstance(uuid, resources.Resource):
            uuid = uuid.id
        operation: resources.Operation
        for operation in self._poll(
            resources.Operation, uuid, interval, wait, callback
        ):
            if operation.state not in OPEN_STATES:
                break
        else:
            raise exceptions.ResourceTimeout(
                f'The operation {uuid} is still {operation.state} after '
                f'{wait:g} seconds.'
            )
        if operation.state != 'succeeded':
            why = operation.error or f'it was {operation.state}'
            text = f'The operation {uuid} ({operation.action}) failed: {why}'
            raise exceptions.ResourceFailure(
                errors.with_request_id(text, operation.request_id)
            )
        return operation

    def wait_for_pod_manager(
        self,
        resource: resources.PodManager | str,
        interval: float = 1,
        wait: float | None = None,
        callback: Callable[[resources.PodManager], None] | None = None,
        fail: bool = False,
    ) -> resources.PodManager:
        """Wait until the inventory of a pod manager was read.

        :param resource: the pod manager, its UUID or its name.
        :param interval: seconds between two requests.
        :param wait: timeout in seconds; None for no timeout.
        :param callback: called with the pod manager after every request.
        :param fail: whether to wait no longer when it could not be reached or
            read since it was created, as ``resource`` shows it. The service
            goes on trying.
        :raises: :class:`~openstack.exceptions.ResourceTimeout` with the reason
            of its status, on timeout;
            :class:`~openstack.exceptions.ResourceFailure` with that reason.
        """
        before = None if isinstance(resource, str) else _trouble(resource)
        for podm in self._poll(
            resources.PodManager, resource, interval, wait, callback
        ):
            if podm.synced_at is not None:
                return podm
            trouble = _trouble(podm)
            before = before or trouble
            if fail and any(trouble) and trouble != before:
                raise exceptions.ResourceFailure(
                    f'The pod manager {podm.name} is {podm.status}: '
                    f'{_reason(trouble)}'
                )
        raise exceptions.ResourceTimeout(
            f'The pod manager {podm.name} is still {podm.status} after '
            f'{wait:g} seconds: {_reason(trouble)}'
        )

    def _poll(
        self,
        kind: type[R],
        resource: R | str,
        interval: float,
        wait: float | None,
        callback: Callable[[R], None] | None,
    ) -> Iterator[R]:
        """Get a resource again and again, at least once, for so long."""
        end = None if wait is None else time.monotonic() + wait
        while True:
            found = self._get_in_spite_of_outages(
                kind, resource, interval, end
            )
            if callback:
                callback(found)
            yield found
            if end is not None and time.monotonic() + interval > end:
                return
            time.sleep(interval)

    def _get_in_spite_of_outages(
        self,
        kind: type[R],
        resource: R | str,
        interval: float,
        end: float | None,
    ) -> R:
        """Get a resource; repeat that while the service does not respond.

        :param end: the time by the monotonic clock after which to give up.
        """
        give_up = time.monotonic() + _MAX_OUTAGE_SECONDS
        if end is not None:
            give_up = min(give_up, end)
        while True:
            try:
                return self._get(kind, resource, skip_cache=True)
            except (
                ks_exceptions.ConnectFailure,
                exceptions.HttpException,
            ) as exc:
                if getattr(exc, 'status_code', None) in range(400, 500):
                    raise
                failure = exc
            if time.monotonic() + interval > give_up:
                raise failure
            LOG.info('Valence does not respond: %s', failure)
            time.sleep(interval)


_Trouble = tuple[str | None, str | None]


def _trouble(podm: resources.PodManager) -> _Trouble:
    """Return why a pod manager is offline, and what could not be read.

    When it is online, the reason why it was offline does not matter.
    """
    offline = podm.status_reason if podm.status == 'offline' else None
    return offline, podm.sync_error


def _reason(trouble: _Trouble) -> str:
    return trouble[0] or trouble[1] or 'its inventory has not been read'
