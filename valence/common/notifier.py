# SPDX-License-Identifier: Apache-2.0
"""Sends notifications over oslo.messaging, and tells whether that worked.

``oslo_messaging.Notifier`` only logs a failure, and gives each message an
identifier of its own. Here a message keeps the one that it has in the
database, so that receivers recognize a duplicate.
"""

from collections.abc import Mapping
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import transport
from oslo_messaging.notify import notifier

_GROUP = 'oslo_messaging_notifications'
# They need a broker.
_BROKERED = ('messaging', 'messagingv2')


# Its public list of options would import all drivers.
cfg.CONF.register_opts(notifier._notifier_opts, group=_GROUP)


def set_default_retry(attempts: int) -> None:
    """Set how often libraries send what could not be sent; -1: without end."""
    cfg.set_defaults(notifier._notifier_opts, retry=attempts)


def transport_url() -> str | None:
    """The broker of notifications; None: that of everything else."""
    url: str | None = cfg.CONF[_GROUP].transport_url
    return url


def _drivers() -> list[str]:
    """The drivers that can send something."""
    options = cfg.CONF[_GROUP]
    names = {*options.driver} - {'noop'}
    if not names.isdisjoint(_BROKERED):
        oslo_messaging.set_transport_defaults('valence')
        url = transport_url()
        if not oslo_messaging.TransportURL.parse(cfg.CONF, url).hosts:
            names.difference_update(_BROKERED)
    return sorted(names)


def enabled() -> bool:
    """Whether notifications are sent: a driver has what it needs for that."""
    options = cfg.CONF[_GROUP]
    return bool(options.driver) and bool(_drivers())


class _Transport(transport.NotificationTransport):  # type: ignore[misc]
    """A transport that keeps why a message could not be sent."""

    failure: Exception | None = None

    def _send_notification(self, *args: Any, **kwargs: Any) -> None:
        try:
            super()._send_notification(*args, **kwargs)
        except Exception as exc:
            self.failure = exc


class Notifier:
    """Sends messages by the drivers of the configuration."""

    def __init__(self) -> None:
        plain = oslo_messaging.get_notification_transport(cfg.CONF)
        self._transport = _Transport(plain._driver)
        notifiers = [
            oslo_messaging.Notifier(
                self._transport,
                driver=name,
                topics=cfg.CONF.notifications.topics,
            )
            for name in _drivers()
        ]
        self._drivers = [
            extension.obj
            for one in notifiers
            for extension in one._driver_mgr.extensions
        ]

    def send(
        self, request: Mapping[str, object], message: Mapping[str, object]
    ) -> None:
        """Send a message once.

        :param request: what receivers get as the context of the request.
        :raises Exception: whatever prevents it.
        """
        self._transport.failure = None
        for driver in self._drivers:
            driver.notify(request, message, message['priority'], 0)
        if self._transport.failure is not None:
            raise self._transport.failure
