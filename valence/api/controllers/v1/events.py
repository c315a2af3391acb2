# SPDX-License-Identifier: Apache-2.0
import threading
import time

from oslo_config import cfg

from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import rpc
from valence.conductor.events import refresher
from valence.conductor.events import subscriptions
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base as driver_base
from valence.podmanagers import loader

_ANY_BODY = types.Body(keywords={'additionalProperties': True})


class Events:
    """Receives the events of pod managers, which have no token."""

    object = None

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, int]] = {}

    @base.verb(status=204, body=_ANY_BODY)
    def create(self, call: base.Call) -> None:
        """Receive an event from a pod manager."""
        podm = db.get(models.PodManager, uuid=call.ident)
        # Do not reveal whether the pod manager or the secret is wrong.
        if podm is None or not subscriptions.is_secret(podm, call.names[1]):
            raise exception.NotFound(kind='Path', ident='of the event')
        if self._too_many(podm.uuid):
            # The event is not parsed: any resource may have changed.
            refresher.enqueue_refresh(podm.uuid, driver_base.Change())
            raise exception.TooManyRequests()
        driver = loader.drivers().get(podm.driver or '')
        if driver is not None:
            refresher.enqueue_refresh(podm.uuid, driver.parse_event(call.body))
        rpc.wake()

    def _too_many(self, podm_uuid: str) -> bool:
        """Count an event; whether the limit per second is exceeded."""
        second = int(time.monotonic())
        with self._lock:
            since, count = self._counts.get(podm_uuid, (second, 0))
            count = count + 1 if since == second else 1
            self._counts[podm_uuid] = (second, count)
        limit: int = cfg.CONF.api.event_rate
        return count > limit
