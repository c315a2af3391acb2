# SPDX-License-Identifier: Apache-2.0
import time

from oslo_log import log

from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import metrics
from valence.common.types import JsonObject
from valence.conductor.events import coalescing
from valence.conductor.events import subscriptions
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base as driver_base
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

_ANY_BODY = types.Body(keywords={'additionalProperties': True}, lenient=True)


class Events:
    """Receives the events of pod managers, which have no token."""

    object = None

    def __init__(self) -> None:
        self._coalescer = coalescing.Coalescer()

    @base.verb(status=204, body=_ANY_BODY)
    def create(self, call: base.Call) -> None:
        """Receive an event from a pod manager."""
        podm = db.get(models.PodManager, uuid=call.ident)
        # Do not reveal whether the pod manager or the secret is wrong.
        if podm is None or not subscriptions.is_secret(podm, call.names[1]):
            raise exception.NotFound(kind='Path', ident='of the event')
        # Of what cannot be parsed, anything may have changed.
        unparsed = call.request.environ.get('valence.unparsed')
        change = driver_base.Change() if unparsed else _parse(podm, call.body)
        metrics.EVENTS.labels('delivered').inc()
        self._coalescer.store(podm.uuid, change, int(time.monotonic()))
        if unparsed is not None:
            raise unparsed


def _parse(podm: models.PodManager, body: JsonObject) -> driver_base.Change:
    """What a delivery reports."""
    driver = loader.drivers().get(podm.driver or '')
    if driver is None:
        return driver_base.Change()
    try:
        return driver.parse_event(body)
    except Exception:
        LOG.exception('The driver %s cannot parse an event', podm.driver)
        return driver_base.Change()
