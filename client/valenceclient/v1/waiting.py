# SPDX-License-Identifier: Apache-2.0
"""Methods of the proxy that wait for the service."""

import logging
import time
from collections.abc import Callable

from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions
from openstack import proxy

from valenceclient.v1 import resources

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
        end = None if wait is None else time.monotonic() + wait
        while True:
            operation = self._get_in_spite_of_outages(uuid, interval, end)
            if callback:
                callback(operation)
            if operation.state not in OPEN_STATES:
                break
            if end is not None and time.monotonic() + interval > end:
                raise exceptions.ResourceTimeout(
                    f'The operation {uuid} is still {operation.state} after '
                    f'{wait:g} seconds.'
                )
            time.sleep(interval)
        if operation.state != 'succeeded':
            reason = operation.error or f'it was {operation.state}'
            raise exceptions.ResourceFailure(
                f'The operation {uuid} ({operation.action}) failed: {reason}'
            )
        return operation

    def wait_for_pod_manager(
        self,
        resource: resources.PodManager | str,
        interval: float = 1,
        wait: float | None = None,
        callback: Callable[[resources.PodManager], None] | None = None,
    ) -> resources.PodManager:
        """Wait until the inventory of a pod manager was read.

        :param resource: the pod manager, its UUID or its name.
        :param interval: seconds between two requests.
        :param wait: timeout in seconds; None for no timeout.
        :param callback: called with the pod manager after every request.
        :raises: :class:`~openstack.exceptions.ResourceTimeout` with the reason
            of its status, on timeout.
        """
        end = None if wait is None else time.monotonic() + wait
        while True:
            podm: resources.PodManager = self._get(
                resources.PodManager, resource, skip_cache=True
            )
            if callback:
                callback(podm)
            if podm.synced_at is not None:
                return podm
            if end is not None and time.monotonic() + interval > end:
                raise exceptions.ResourceTimeout(
                    f'The pod manager {podm.name} is still {podm.status} '
                    f'after {wait:g} seconds: {podm.status_reason}'
                )
            time.sleep(interval)

    def _get_in_spite_of_outages(
        self, uuid: str, interval: float, end: float | None
    ) -> resources.Operation:
        """Get an operation; repeat that while the service does not respond.

        :param end: the time by the monotonic clock after which to give up.
        """
        give_up = time.monotonic() + _MAX_OUTAGE_SECONDS
        if end is not None:
            give_up = min(give_up, end)
        while True:
            try:
                return self._get(resources.Operation, uuid, skip_cache=True)
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
