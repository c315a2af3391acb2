# SPDX-License-Identifier: Apache-2.0
"""One look at one reservation.

A request is sent only while the hold has the place, and that it is sent is
recorded before: whoever uses the place then waits until the outcome is known.
When the answer is lost, the mark is looked for before the request is sent
again, and it is sent a few times at most.
"""

import time
from collections.abc import Callable
from collections.abc import Mapping

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.conductor.events import pending
from valence.conductor.reservations import rows
from valence.db import api as db
from valence.db import installation
from valence.objects.hold import PENDING
from valence.objects.hold import RESERVED
from valence.objects.hold import SENDING
from valence.podmanagers import base
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress

LOG = log.getLogger(__name__)

#: How often one that exists is looked at, at least.
LOOK_SECONDS = 60.0
#: How soon a request is followed whose outcome is not known.
SOON_SECONDS = 5.0
# Pauses after failures double, from the first one to the last one.
_PAUSE_SECONDS = 30.0
_MAX_PAUSE_SECONDS = 900.0
# How often it is requested, or deleted, in vain.
_MAX_REQUESTS = 5
_MAX_DELETIONS = 20
_LOST = exception.ErrorText(
    'The pod manager does not show the reservation any more.',
    'The pod manager does not reserve it any more.',
)


class Look:
    """One look at one reservation.

    :param known: what the pod manager shows, by the UUID of the node.
    """

    def __init__(
        self,
        claim: rows.Claim,
        driver: base.Driver,
        known: Mapping[str, base.Reservation],
    ) -> None:
        row = claim.row
        self._claim = claim
        self._driver = driver
        self._row = row
        self._mark = installation.mark(row.node_uuid)
        found = known.get(row.node_uuid)
        ours = found is not None and self._mark.same_as(found.mark)
        self._found = found if ours else None
        # How often something was tried in vain since it was seen last.
        self._attempts = row.attempts
        age = (db.now() - row.sent_at).total_seconds() if row.sent_at else 0.0
        self._progress = Progress(
            row.progress, lambda facts: rows.record(self._claim, facts), age
        )

    def _deadline(self) -> Deadline:
        """For one request, and its answer, while the claim lasts."""
        return Deadline(
            self._driver.connection.request_timeout,
            lambda: time.monotonic() < self._claim.at,
        )

    def go(self) -> None:
        """Do what is to be done, and store what is known then."""
        with db.reader() as tx:
            is_held = rows.is_held(tx, self._row)
            is_used = rows.is_used(tx, self._row)
        if is_held:
            self._try(self._keep)
        elif self._row.sent_at is None:
            # A node that uses the place begins without.
            rows.delete(self._claim)
        elif is_used:
            self._try(self._leave)
        else:
            self._try(self._end)

    def _try(self, call: Callable[[], None]) -> None:
        """Do something, and later again if it fails."""
        try:
            call()
        except InProgress as exc:
            self._wait(exc)
        except (exception.RequestRejected, exception.NotSent) as exc:
            # It had no effect.
            self._failed(exc, _PAUSE_SECONDS)
        except exception.PodManagerError as exc:
            self._unknown(exc)

    def _wait(self, exc: InProgress) -> None:
        """Store that the pod manager is working on it."""
        if self._progress.facts():
            pause = max(exc.seconds, min(2.0**self._attempts, LOOK_SECONDS))
            rows.store(self._claim, {'attempts': self._attempts}, pause)
        else:
            reason = exception.PodManagerUnavailable(reason=exc.reason)
            self._failed(reason, SOON_SECONDS)

    def _failed(self, exc: exception.PodManagerError, seconds: float) -> None:
        """Store that something failed, and had no effect.

        :param seconds: the first pause; each is twice as long as the last.
        """
        values = {
            'state': PENDING,
            'attempts': self._attempts,
            'error': exc.error_text(),
        }
        pause = min(seconds * 2**self._attempts, _MAX_PAUSE_SECONDS)
        rows.store(self._claim, values, pause)

    def _unknown(self, exc: exception.PodManagerError) -> None:
        """Store that it is not known whether a request had an effect."""
        values = {
            'attempts': self._attempts,
            'error': exc.error_text(),
        }
        pause = min(SOON_SECONDS * 2**self._attempts, LOOK_SECONDS)
        rows.store(self._claim, values, pause)

    def _keep(self) -> None:
        """Have the pod manager reserve what is held."""
        row, follows = self._row, bool(self._progress.facts())
        if self._found is not None:
            self._reserved(self._found)
            return
        if follows and self._progress.age > cfg.CONF.conductor.compose_timeout:
            self._driver.cancel(self._deadline(), self._progress)
            follows = False
        if not follows and self._attempts >= _MAX_REQUESTS:
            self._give_up()
            return
        if not follows and not self._begin():
            # The hold has ended, or the place is used, just now.
            rows.store(self._claim, {}, 0)
            return
        request = base.ComposeRequest(
            self._mark,
            row.name,
            {},
            row.place['system_uri'],
            tuple(row.place['devices'].values()),
        )
        made = self._driver.reserve(request, self._deadline(), self._progress)
        self._reserved(made)

    def _begin(self) -> bool:
        """Record that a request is going to be sent.

        :returns: False: it must not be.
        """
        seconds = self._driver.connection.request_timeout
        claim = rows.begin(self._claim, seconds)
        if claim is None:
            return False
        self._claim = claim
        self._attempts += 1
        return True

    def _reserved(self, found: base.Reservation) -> None:
        """Store that there is a reservation."""
        seconds = LOOK_SECONDS
        if found.seconds is not None:
            # It is seen again before it expires, and missed soon after.
            seconds = min(seconds, max(found.seconds / 2, 1.0))
        has_lasted = self._row.state == RESERVED and self._found is not None
        values: dict[str, object] = {
            'state': RESERVED,
            'progress': {},
            'attempts': 0 if has_lasted else self._attempts,
            'error': None,
        }
        if not has_lasted:
            self._refresh()
        rows.store(self._claim, values, seconds)

    def _give_up(self) -> None:
        """Store that it is reserved no more, and not requested again."""
        error = exception.ErrorText(
            self._row.error or _LOST.message,
            self._row.user_error or _LOST.user_message,
        )
        values = {'state': PENDING, 'error': error}
        rows.store(self._claim, values, None)

    def _cancel(self) -> None:
        """End the request that is being worked on."""
        if self._row.state == SENDING and self._progress.facts():
            self._driver.cancel(self._deadline(), self._progress)

    def _leave(self) -> None:
        """Leave it to the operation that uses it, which looks for the mark."""
        self._cancel()
        values = {'state': RESERVED, 'error': None}
        rows.store(self._claim, values, SOON_SECONDS)

    def _end(self) -> None:
        """Give it back."""
        if self._attempts >= _MAX_DELETIONS:
            LOG.warning(
                'The reservation for node %s is not deleted: %s',
                *(self._row.node_uuid, self._row.error),
            )
            rows.delete(self._claim)
            return
        self._attempts += 1
        self._cancel()
        self._driver.unreserve(self._mark, self._deadline(), self._progress)
        self._refresh()
        if self._row.state == SENDING:
            # It may show later yet.
            rows.store(self._claim, {'state': RESERVED}, LOOK_SECONDS)
        else:
            rows.delete(self._claim)

    def _refresh(self) -> None:
        """Have the inventory show what has changed."""
        place = self._row.place
        uris = (place['system_uri'], *place['devices'].values())
        pending.enqueue_refresh(self._row.podm_uuid, base.Change(uris))
