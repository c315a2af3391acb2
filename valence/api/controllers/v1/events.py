# SPDX-License-Identifier: Apache-2.0
import time
from typing import NamedTuple

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

# How long a secret is compared without the database, and how many are known.
_KNOWN_SECONDS = 5.0
_MAX_SENDERS = 10_000
_DELIVERED = metrics.EVENTS.labels('delivered')
_ANY_BODY = types.Body(keywords={'additionalProperties': True}, lenient=True)


class Events:
    """Receives the events of pod managers, which have no token."""

    object = None

    def __init__(self) -> None:
        self._coalescer = coalescing.Coalescer()
        self._senders: dict[str, _Sender] = {}

    @base.verb(status=204, body=_ANY_BODY)
    def create(self, call: base.Call) -> None:
        """Receive an event from a pod manager."""
        unparsed = call.request.environ.get('valence.unparsed')
        uuid, secret = call.names
        self.deliver(uuid, secret, None if unparsed else call.body)
        if unparsed is not None:
            raise unparsed

    def deliver(self, uuid: str, secret: str, body: JsonObject | None) -> None:
        """Store what an event is about; returns when that is committed.

        :param uuid: of the pod manager.
        :param body: None: it cannot be parsed, so anything may have changed.
        :raises NotFound: for a wrong UUID or secret, without saying which.
        """
        sender = self._sender(uuid, secret)
        change = driver_base.Change()
        if body is not None:
            change = _parse(sender.driver, body)
        _DELIVERED.inc()
        self._coalescer.store(uuid, change)

    def _sender(self, uuid: str, secret: str) -> '_Sender':
        """The pod manager that delivers.

        A secret that is valid is so for a few seconds: all that a delivery
        can do is to have something read again.

        :raises NotFound: for a wrong UUID or secret, without saying which.
        """
        known = self._senders.get(uuid)
        now = time.monotonic()
        if (
            known is None
            or known.until < now
            or not subscriptions.is_secret(known.secret_hash, secret)
        ):
            known = _read_sender(uuid, now + _KNOWN_SECONDS)
            if known is None or not subscriptions.is_secret(
                known.secret_hash, secret
            ):
                raise exception.NotFound(kind='Path', ident='of the event')
            if len(self._senders) >= _MAX_SENDERS:
                self._senders.clear()
            self._senders[uuid] = known
        return known


class _Sender(NamedTuple):
    """A pod manager.

    :param until: when this has to be read again, on the monotonic clock.
    """

    driver: str | None
    secret_hash: bytes | None
    until: float


def _read_sender(uuid: str, until: float) -> _Sender | None:
    podm = db.get(models.PodManager, uuid=uuid)
    if podm is None:
        return None
    return _Sender(podm.driver, subscriptions.secret_hash(podm), until)


def _parse(name: str | None, body: JsonObject) -> driver_base.Change:
    """What a delivery reports."""
    driver = loader.drivers().get(name or '')
    if driver is None:
        return driver_base.Change()
    try:
        return driver.parse_event(body)
    except Exception:
        LOG.exception('The driver %s cannot parse an event', name)
        return driver_base.Change()
