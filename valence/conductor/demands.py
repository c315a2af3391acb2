# SPDX-License-Identifier: Apache-2.0
"""Receives the notifications of Nova about instances that found no host.

The threads of oslo.messaging only fill a queue of limited length, which a
thread of the conductor empties. What is lost on the way is not repeated: who
repeats the request for an instance causes another notification.
"""

import collections
import itertools
import threading
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_log import log

from valence.common import notifier
from valence.conductor.pools import demand
from valence.db import api as db
from valence.provisioning.nova import notices

LOG = log.getLogger(__name__)

# So many messages wait; further ones are dropped.
_MOST = 1000
_BATCH = 100
# Seconds between attempts to receive anything.
_RETRY_SECONDS = 5.0


class Listener:
    """Has pools topped up; used by one thread, besides those that receive."""

    def __init__(self) -> None:
        self._waiting: collections.deque[notices.Lack] = collections.deque()
        # What was dropped, by reason, since that was logged.
        self._dropped: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server: Any = None

    def start(self) -> None:
        """Receive in the background, if that is enabled."""
        if cfg.CONF.demand.enabled:
            threading.Thread(
                target=self._receive, name='demand-receiver', daemon=True
            ).start()

    def tick(self) -> None:
        """Have pools topped up for the instances that were received."""
        while batch := self._take():
            try:
                demand.record(batch)
            except db.FAILURES:
                with self._lock:
                    self._waiting.extendleft(reversed(batch))
                raise
        with self._lock:
            dropped, self._dropped = self._dropped, collections.Counter()
        for reason, count in dropped.items():
            LOG.warning('Dropped %s notifications of Nova: %s', count, reason)

    def error(
        self,
        ctxt: object,
        publisher_id: object,
        event_type: object,
        payload: object,
        metadata: dict[str, object],
    ) -> None:
        """Receive a notification of this priority; see oslo.messaging."""
        if event_type != notices.EVENT_TYPE:
            return
        try:
            lack = notices.read(payload, metadata.get('timestamp'))
        except notices.NotUnderstood as exc:
            self._drop(f'not understood: {exc}')
            return
        if lack is None:
            return
        with self._lock:
            full = len(self._waiting) >= _MOST
            if not full:
                self._waiting.append(lack)
        if full:
            self._drop('there are too many')

    def close(self) -> None:
        """Receive nothing more."""
        self._closing.set()
        if self._server is not None:
            self._server.stop()

    def _take(self) -> list[notices.Lack]:
        """Take some of what waits."""
        with self._lock:
            count = min(_BATCH, len(self._waiting))
            return [self._waiting.popleft() for _ in range(count)]

    def _drop(self, reason: str) -> None:
        with self._lock:
            self._dropped[reason] += 1

    def _receive(self) -> None:
        """Begin to receive; waits for a broker that is away."""
        for attempt in itertools.count():
            try:
                server = self._connect()
                server.start()
            except Exception as exc:
                log_failure = LOG.debug if attempt else LOG.error
                log_failure('Nova cannot be listened to: %s', exc)
                if self._closing.wait(_RETRY_SECONDS):
                    return
                continue
            break
        self._server = server
        LOG.info('Receiving the notifications of Nova')
        if self._closing.is_set():
            server.stop()

    def _connect(self) -> Any:
        options = cfg.CONF.demand
        oslo_messaging.set_transport_defaults('valence')
        url = options.transport_url or notifier.transport_url()
        if not oslo_messaging.TransportURL.parse(cfg.CONF, url).hosts:
            raise ValueError('[demand] transport_url is not set')
        transport = oslo_messaging.get_notification_transport(
            cfg.CONF, url=url
        )
        target = oslo_messaging.Target(
            exchange=options.exchange, topic=options.topic
        )
        return oslo_messaging.get_notification_listener(
            transport,
            [target],
            [self],
            executor='threading',
            pool=options.pool,
        )
