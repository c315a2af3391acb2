# SPDX-License-Identifier: Apache-2.0
"""Having pod managers deliver their events to the API."""

import contextlib
import hashlib
import secrets as random_secrets
import time
from collections.abc import Iterable

from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.common import secrets
from valence.conductor import jobs
from valence.conductor import requests
from valence.conductor.events.pending import enqueue_refresh
from valence.conductor.events.streams import Streams
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)


class Subscriptions:
    """The event subscriptions of this conductor's pod managers.

    A pod manager is subscribed to where it has no event stream and the API
    has a URL that pod managers can reach.
    """

    def __init__(self, drivers: loader.Pool, streams: Streams) -> None:
        self._drivers = drivers
        self._streams = streams
        # Most of the threads wait, if any, for pod managers that hang.
        self._pool = jobs.Pool(
            'subscribe', cfg.CONF.conductor.probe_workers * jobs.FACTOR
        )
        self._jobs = jobs.KeyedJobs()
        # When to check each subscription again, on the monotonic clock.
        self._check_at: dict[str, float] = {}
        # Subscriptions that their pod manager does not show as requested, by
        # its UUID. They are not checked until the pod manager was offline.
        self._unverifiable: dict[str, str] = {}

    def follow(self, podms: Iterable[models.PodManager]) -> None:
        """Subscribe where that is enabled and due; returns at once.

        :param podms: rows of the pod managers that this conductor looks
            after.
        """
        for podm in podms:
            if podm.status != 'online':
                # It may have lost its subscriptions, or been replaced.
                self._check_at.pop(podm.uuid, None)
                self._unverifiable.pop(podm.uuid, None)
            elif self._is_enabled(podm):
                self._check_when_due(podm)
            elif podm.event_subscription:
                _request_unsubscribe(podm)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.close()

    def _is_enabled(self, podm: models.PodManager) -> bool:
        return bool(
            cfg.CONF.api.public_endpoint
            and 'event_subscription' in podm.capabilities
            and not self._streams.supports(podm)
        )

    def _check_when_due(self, podm: models.PodManager) -> None:
        now = time.monotonic()
        if now >= self._check_at.get(podm.uuid, 0):
            interval = cfg.CONF.conductor.status_interval
            self._check_at[podm.uuid] = now + interval
            self._jobs.submit(self._pool, podm.uuid, self._run, podm)

    def _run(self, podm: models.PodManager) -> None:
        try:
            self._ensure(podm)
        except (exception.ValenceException, db_exception.DBError) as exc:
            LOG.info('Subscribing to %s failed: %s', podm.name, exc)
        except Exception:
            LOG.exception('Subscribing to %s failed', podm.name)

    def _ensure(self, podm: models.PodManager) -> None:
        """Subscribe, unless there is a subscription that works."""
        driver = self._drivers.get(podm)
        deadline = Deadline(driver.connection.status_timeout)
        secret = secrets.decrypt(podm.event_secret)
        subscription = podm.event_subscription
        if secret and subscription:
            if self._unverifiable.get(podm.uuid) == subscription:
                return
            destination = _destination(podm.uuid, secret)
            if driver.check_subscription(subscription, destination, deadline):
                return
            driver.unsubscribe(subscription, deadline)
        if not secret:
            secret = random_secrets.token_urlsafe(32)
        # Deliveries may arrive before the response to the subscription.
        db.update(
            models.PodManager,
            {'event_secret': secrets.encrypt(secret)},
            uuid=podm.uuid,
        )
        self._subscribe(
            podm, driver, _destination(podm.uuid, secret), deadline
        )

    def _subscribe(
        self,
        podm: models.PodManager,
        driver: base.Driver,
        destination: str,
        deadline: Deadline,
    ) -> None:
        subscription = driver.subscribe(destination, deadline)
        stored = db.update(
            models.PodManager,
            {'event_subscription': subscription},
            uuid=podm.uuid,
            url=podm.url,
        )
        if not stored:
            # The pod manager was removed, or has moved, in the meantime.
            with contextlib.closing(
                type(driver)(loader.connection(podm))
            ) as former:
                former.unsubscribe(subscription, deadline)
            return
        LOG.info('Subscribed to the events of %s', podm.name)
        enqueue_refresh(podm.uuid, base.Change())
        if not driver.check_subscription(subscription, destination, deadline):
            # Without this it would be replaced at every check. Changes that
            # are not delivered are found by the periodic sync.
            LOG.info(
                '%s does not show the subscription as requested', podm.name
            )
            self._unverifiable[podm.uuid] = subscription


@db.transaction
def _request_unsubscribe(tx: db.Transaction, podm: models.PodManager) -> None:
    """Request the end of a subscription that is not needed any more."""
    row = tx.get(models.PodManager, uuid=podm.uuid)
    if row is not None and row.event_subscription == podm.event_subscription:
        requests.request_unsubscribe(tx, None, row)


def _destination(podm_uuid: str, secret: str) -> str:
    endpoint = cfg.CONF.api.public_endpoint.rstrip('/')
    return f'{endpoint}/v1/events/{podm_uuid}/{secret}'


def secret_hash(podm: models.PodManager) -> bytes | None:
    """The hash of the secret that a pod manager delivers with; None: of none.

    :param podm: its row.
    """
    secret = secrets.decrypt(podm.event_secret)
    return None if secret is None else _hash(secret)


def is_secret(known: bytes | None, given: str) -> bool:
    """Whether a secret has a hash."""
    return known is not None and random_secrets.compare_digest(
        known, _hash(given)
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
