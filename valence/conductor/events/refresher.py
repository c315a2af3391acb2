# SPDX-License-Identifier: Apache-2.0
"""Following what pod managers tell of: streams, subscriptions, refreshes.

An event only names a resource. What is named is written down, once however
often it is named, and read anew as soon as a worker has time; so a storm of
events costs one reading.
"""

import contextlib
import datetime
import hashlib
import secrets as random_secrets
import threading
import time
from collections.abc import Iterable
from concurrent import futures
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log
from oslo_utils import timeutils

from valence.common import exception
from valence.common import rpc
from valence.common import secrets
from valence.conductor import requests as conductor
from valence.conductor.inventory import diff
from valence.conductor.inventory import store
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

# More than so many resources at once are quicker read with all the others.
_MANY = 200
# What is written down where everything has to be read.
_ALL = '*'
# That happens so many times in [conductor] sync_interval at most.
_OFTEN = 20
_MAX_PAUSE = 60.0


def note(podm_uuid: str, change: base.Change) -> None:
    """Write down what has to be read anew."""
    uris = change.uris
    if not uris or len(uris) > _MANY:
        uris = (_ALL,)
    # Whoever wrote the same resource down meanwhile has done it for us.
    with contextlib.suppress(
        db_exception.DBDuplicateEntry, db_exception.DBReferenceError
    ):
        _note(podm_uuid, uris)


@db.transaction
def _note(tx: db.Transaction, podm_uuid: str, uris: Iterable[str]) -> None:
    hashes = {diff.uri_hash(uri): uri for uri in uris if len(uri) <= 2048}
    for uri in _awaited(tx, podm_uuid, list(hashes.values())):
        del hashes[diff.uri_hash(uri)]
    same: dict[str, Any] = {'podm_uuid': podm_uuid, 'uri_hash': list(hashes)}
    # What is being read may have been read before it changed.
    tx.delete(
        models.PendingRefresh,
        models.PendingRefresh.updated_at.is_not(None),
        **same,
    )
    known = {row.uri_hash for row in tx.list(models.PendingRefresh, **same)}
    tx.create_many(
        models.PendingRefresh,
        [
            {'podm_uuid': podm_uuid, 'uri': uri, 'uri_hash': key}
            for key, uri in hashes.items()
            if key not in known
        ],
    )


def _awaited(tx: db.Transaction, podm_uuid: str, uris: list[str]) -> list[str]:
    """Let go on who waits for one of these resources.

    :returns: the nodes that an operation is at work on: it looks at them by
        itself, and at what they are made of when it has come to its end.
    """
    nodes = tx.list(
        models.Node,
        only=('uuid', 'resource_uri'),
        podm_uuid=podm_uuid,
        resource_uri=uris,
        provision_state=('composing', 'updating', 'releasing'),
    ).all()
    if nodes:
        tx.update(
            models.Operation,
            {'run_after': None},
            models.Operation.run_after.is_not(None),
            target_uuid=[row.uuid for row in nodes],
            state='running',
            attempt=0,
        )
    return [row.resource_uri for row in nodes if row.resource_uri]


class Listener:
    """Listens to the stream of one pod manager, and opens it again."""

    def __init__(
        self, podm: Any, drivers: loader.Pool, events: 'Events'
    ) -> None:
        self.identity = loader.identity(podm)
        self._podm = podm
        self._drivers = drivers
        self._events = events
        self._stopping = threading.Event()
        self._stream: base.ChangeStream | None = None
        threading.Thread(
            target=self._run, name=f'events-{podm.name}', daemon=True
        ).start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        if self._stream is not None:
            self._stream.close()

    def _run(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                self._listen()
                # One that ends at once is not opened again and again.
                lasted = time.monotonic() - begun
                pause = 1.0 if lasted > pause else min(pause * 2, _MAX_PAUSE)
            except exception.ValenceException as exc:
                LOG.info('No events from %s: %s', self._podm.name, exc)
                if self._stream is None and not _passes(exc):
                    self._events.give_up(self._podm.uuid)
                    return
                pause = min(pause * 2, _MAX_PAUSE)
            except Exception:
                LOG.exception('Listening to %s failed', self._podm.name)
                pause = _MAX_PAUSE
            self._stopping.wait(pause)

    def _listen(self) -> None:
        deadline = base.Deadline(cfg.CONF.conductor.status_timeout)
        self._stream = None
        self._stream = self._drivers.get(self._podm).listen(deadline)
        # What happened while nobody listened is not known.
        note(self._podm.uuid, base.Change())
        for change in self._stream:
            if self._stopping.is_set():
                return
            note(self._podm.uuid, change)
            rpc.BELL.ring()


def _passes(exc: exception.ValenceException) -> bool:
    """Whether it may be otherwise in a moment."""
    return isinstance(exc, exception.PodManagerUnavailable)


class Events:
    """What pod managers tell this conductor, which looks after them."""

    def __init__(self, drivers: loader.Pool) -> None:
        self._drivers = drivers
        self._listeners: dict[str, Listener] = {}
        self._owned: dict[str, Any] = {}
        self._pool = futures.ThreadPoolExecutor(
            cfg.CONF.conductor.probe_workers, thread_name_prefix='refresh'
        )
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        # When each subscription is looked after again.
        self._due: dict[str, float] = {}
        # Pod managers whose stream cannot be opened, and subscriptions that
        # are not shown as they were asked for: until the pod manager was away.
        self._mute: set[str] = set()
        self._opaque: dict[str, str] = {}
        self._waking = threading.Event()

    def wake(self) -> None:
        """Something was written down."""
        self._waking.set()

    def wait(self, seconds: float) -> None:
        """Wait until something is written down, or for a while."""
        self._waking.wait(seconds)
        self._waking.clear()

    def follow(self, podms: Iterable[Any]) -> None:
        """Listen to these pod managers, and to no others.

        :param podms: rows of those that this conductor looks after.
        """
        self._owned = {podm.uuid: podm for podm in podms}
        for uuid, listener in list(self._listeners.items()):
            podm = self._owned.get(uuid)
            if podm is None or loader.identity(podm) != listener.identity:
                listener.stop()
                del self._listeners[uuid]
        for uuid, podm in self._owned.items():
            if podm.status == 'online':
                self._follow(podm)
            else:
                # Who was away may have forgotten us, or be another by now.
                self._due.pop(uuid, None)
                self._opaque.pop(uuid, None)
                self._mute.discard(uuid)

    def _follow(self, podm: Any) -> None:
        uuid, now = podm.uuid, time.monotonic()
        if uuid in self._listeners:
            return
        wanted = self._is_wanted(podm)
        if self._streams(podm):
            if len(self._listeners) < cfg.CONF.conductor.event_streams:
                self._listeners[uuid] = Listener(podm, self._drivers, self)
        elif wanted and now >= self._due.get(uuid, 0):
            self._due[uuid] = now + cfg.CONF.conductor.status_interval
            self._once(f'subscribe:{uuid}', self._subscribe, podm)
        if podm.event_subscription and not wanted:
            _leave(podm)

    def give_up(self, podm_uuid: str) -> None:
        """A stream cannot be opened, whatever the pod manager says."""
        self._mute.add(podm_uuid)
        self._listeners.pop(podm_uuid, None)

    def _streams(self, podm: Any) -> bool:
        """Whether a pod manager can be listened to."""
        return (
            'event stream' in podm.capabilities and podm.uuid not in self._mute
        )

    def _is_wanted(self, podm: Any) -> bool:
        """Whether deliveries are how we follow a pod manager."""
        return bool(
            cfg.CONF.api.public_endpoint
            and 'event subscription' in podm.capabilities
            and not self._streams(podm)
        )

    def close(self) -> None:
        """Listen no more, begin nothing more."""
        for listener in self._listeners.values():
            listener.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def refresh(self) -> None:
        """Have read anew what is written down; returns at once."""
        with db.reader() as tx:
            waiting = tx.connection.execute(
                sa.select(models.PendingRefresh.podm_uuid).distinct()
            ).scalars()
            for uuid in waiting:
                if uuid in self._owned:
                    self._once(uuid, self._refresh, self._owned[uuid])

    def _once(self, key: str, function: Any, podm: Any) -> None:
        """Have a function run, unless it is at it for this pod manager."""
        with self._lock:
            if key in self._busy:
                return
            self._busy.add(key)
        self._pool.submit(self._run, key, function, podm)

    def _run(self, key: str, function: Any, podm: Any) -> None:
        try:
            function(podm)
        except (exception.ValenceException, db_exception.DBError) as exc:
            LOG.info('Events of %s: %s', podm.name, exc)
        except Exception:
            LOG.exception('Events of %s', podm.name)
        finally:
            with self._lock:
                self._busy.discard(key)

    def _refresh(self, podm: Any) -> None:
        with db.reader() as tx:
            found = tx.list(
                models.PendingRefresh, podm_uuid=podm.uuid, limit=_MANY + 2
            ).all()
        rows = [row for row in found if row.uri != _ALL]
        if len(rows) < len(found) or len(rows) > _MANY:
            if _read_all(podm.uuid):
                return
            # Until then, what is known by name is kept true.
            rows = rows[:_MANY]
        if not rows:
            return
        deadline = base.Deadline(cfg.CONF.redfish.request_timeout)
        uris = [row.uri for row in rows]
        since = timeutils.utcnow()
        # Marks them as being read.
        db.update(models.PendingRefresh, {}, uuid=[row.uuid for row in rows])
        try:
            seen = self._drivers.get(podm).refresh(uris, deadline)
            _store(podm.uuid, seen, since, [row.uuid for row in rows])
        except (exception.PodManagerError, db_exception.DBError) as exc:
            if isinstance(exc, db_exception.DBError) and not db.refuses(exc):
                raise
            # A full reading makes up for it, or says what is wrong.
            note(podm.uuid, base.Change())
            _forget([row.uuid for row in rows])
            raise
        if seen.unrecognized:
            LOG.info(
                'Events of %s tell of something unknown: %s',
                podm.name,
                min(seen.unrecognized),
            )
            note(podm.uuid, base.Change())

    def _subscribe(self, podm: Any) -> None:
        """See that events are delivered to us, if they can be."""
        endpoint = cfg.CONF.api.public_endpoint
        if not endpoint:
            return
        driver = self._drivers.get(podm)
        deadline = base.Deadline(cfg.CONF.conductor.status_timeout)
        secret = secrets.decrypt(podm.event_secret)
        made = podm.event_subscription
        if secret and made:
            destination = _destination(endpoint, podm.uuid, secret)
            if self._opaque.get(podm.uuid) == made:
                return
            if driver.check_subscription(made, destination, deadline):
                return
            driver.unsubscribe(made, deadline)
        secret = secret or random_secrets.token_urlsafe(32)
        destination = _destination(endpoint, podm.uuid, secret)
        # Deliveries may begin before we are told that they will.
        db.update(
            models.PodManager,
            {'event_secret': secrets.encrypt(secret)},
            uuid=podm.uuid,
        )
        made = driver.subscribe(destination, deadline)
        kept = db.update(
            models.PodManager,
            {'event_subscription': made},
            uuid=podm.uuid,
            url=podm.url,
        )
        if not kept:
            # It was removed, or has moved, in the meantime.
            driver = loader.drivers()[podm.driver](loader.connection(podm))
            with contextlib.closing(driver):
                driver.unsubscribe(made, deadline)
            return
        LOG.info('Subscribed to the events of %s', podm.name)
        note(podm.uuid, base.Change())
        if not driver.check_subscription(made, destination, deadline):
            # It would be made again and again. What is not delivered is found
            # by reading everything now and then.
            LOG.info('%s does not show our subscription as ours', podm.name)
            self._opaque[podm.uuid] = made


@db.transaction
def _leave(tx: db.Transaction, podm: models.PodManager) -> None:
    """Have a subscription ended that nobody reads any more."""
    row = tx.get(models.PodManager, uuid=podm.uuid)
    if row is not None and row.event_subscription == podm.event_subscription:
        conductor.leave(tx, None, row)


def _destination(endpoint: str, podm_uuid: str, secret: str) -> str:
    return f'{endpoint.rstrip("/")}/v1/events/{podm_uuid}/{secret}'


def is_secret(podm: models.PodManager, given: str) -> bool:
    """Whether somebody knows the secret that a pod manager was told."""
    secret = secrets.decrypt(podm.event_secret)
    if secret is None:
        return False
    return random_secrets.compare_digest(
        hashlib.sha256(secret.encode()).digest(),
        hashlib.sha256(given.encode()).digest(),
    )


def _read_all(podm_uuid: str) -> bool:
    """Have a whole inventory read; whether it will be.

    While it is being read, what was read may have changed already; and a pod
    manager that tells of something all the time is not read all the time.
    """
    try:
        return _begin_reading(podm_uuid)
    except (exception.Conflict, db_exception.DBDuplicateEntry):
        return False


@db.transaction
def _begin_reading(tx: db.Transaction, podm_uuid: str) -> bool:
    podm = tx.get(models.PodManager, uuid=podm_uuid)
    if podm is None:
        return False
    pause = cfg.CONF.conductor.sync_interval / _OFTEN
    if podm.synced_at is not None:
        age = (timeutils.utcnow() - podm.synced_at).total_seconds()
        if age < pause:
            return False
    conductor.request_sync(tx, None, podm_uuid)
    tx.delete(models.PendingRefresh, podm_uuid=podm_uuid)
    return True


@db.transaction
def _store(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    since: datetime.datetime,
    rows: list[str],
) -> None:
    store.write(tx, podm_uuid, seen, partial=True, since=since)
    tx.delete(models.PendingRefresh, uuid=rows)


@db.transaction
def _forget(tx: db.Transaction, rows: list[str]) -> None:
    tx.delete(models.PendingRefresh, uuid=rows)
