# SPDX-License-Identifier: Apache-2.0
"""Writes to other services how many more nodes fit on pod managers.

The hash ring gives each pod manager to one conductor, which compares in
rounds. In the first round after it got a pod manager it writes nothing: who
had that before may just have written.
"""

import time
import uuid
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.conductor import membership
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.scheduler import fits
from valence.scheduler.request import Request
from valence.sinks import base
from valence.sinks import loader

LOG = log.getLogger(__name__)

# Who owns this key removes what belongs to no pod manager any more.
_KEY = b'capacity'
_FAILURES = exception.ProvisioningError, InProgress
# Flavors that are published, the first ones.
_MOST = 1000


class Writer:
    """Writes capacity to the configured sinks; used by one thread."""

    def __init__(self, lease: membership.Lease) -> None:
        self._lease = lease
        self._next = 0.0
        self._known: set[str] = set()
        # What was logged of a failure, by sink and pod manager.
        self._logged: dict[tuple[str, str], str] = {}

    def tick(self) -> None:
        """Compare what the sinks show, if a round is due."""
        now = time.monotonic()
        if now < self._next or not self._lease.uuid:
            return
        sinks = loader.configured()
        if not sinks:
            return
        self._next = now + cfg.CONF.capacity.interval
        self._round(sinks)

    def _round(self, sinks: Sequence[base.Sink]) -> None:
        ring = membership.ring()
        with db.reader() as tx:
            rows = tx.list(models.PodManager, only=('uuid',)).all()
        own = {
            row.uuid
            for row in rows
            if self._lease.uuid in ring.get_nodes(row.uuid.encode())
        }
        mine, self._known = sorted(own & self._known), own
        capacity = _count(mine)
        removes = self._lease.uuid in ring.get_nodes(_KEY)
        for sink in sinks:
            deadline = Deadline(
                cfg.CONF.capacity.interval, lambda: self._lease.left() > 0
            )
            try:
                self._write(sink, capacity, removes, deadline)
            except _FAILURES as exc:
                self._log(sink, '', exc)
            else:
                self._log(sink, '', None)

    def _write(
        self,
        sink: base.Sink,
        capacity: dict[str, dict[str, int]],
        removes: bool,
        deadline: Deadline,
    ) -> None:
        """Write what differs in a sink, as far as the time suffices."""
        if not capacity and not removes:
            return
        group = _group()
        shown = sink.list(group, deadline)
        self._forget({'', *self._known, *shown})
        for podm, found in capacity.items():
            mark = installation.mark(podm)
            try:
                written = sink.write(mark, found, group, shown, deadline)
            except exception.ProvisioningUnavailable:
                raise
            except _FAILURES as exc:
                self._log(sink, podm, exc)
                continue
            self._log(sink, podm, None)
            if written:
                LOG.debug('Wrote the capacity of %s: %s', podm, found)
        if removes:
            self._remove(sink, shown, deadline)

    def _remove(
        self, sink: base.Sink, shown: base.Shown, deadline: Deadline
    ) -> None:
        """Remove the pod managers that do not exist any more."""
        # They are read after what the sink shows: none of these is new.
        for podm in sorted(shown.keys() - _existing(shown)):
            try:
                if sink.remove(installation.mark(podm), deadline):
                    LOG.info('Removed %s from %s', podm, sink.name)
            except exception.ProvisioningRejected as exc:
                self._log(sink, podm, exc)

    def _forget(self, podms: set[str]) -> None:
        """Forget what was logged of all but some pod managers."""
        for key in [one for one in self._logged if one[1] not in podms]:
            del self._logged[key]

    def _log(
        self, sink: base.Sink, podm: str, failure: Exception | None
    ) -> None:
        """Log a failure once, until it is over or another one."""
        key = sink.name, podm
        if failure is None:
            self._logged.pop(key, None)
        elif self._logged.get(key) != str(failure):
            self._logged[key] = str(failure)
            LOG.warning(
                'The capacity of %s is not written to %s: %s',
                *(podm or 'pod managers', sink.name, failure),
            )


def _group() -> uuid.UUID:
    """What identifies this Valence."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f'valence:{installation.own_id()}')


def _existing(podms: base.Shown) -> set[str]:
    """Those of the pod managers that exist."""
    found: set[str] = set()
    uuids = sorted(podms)
    for start in range(0, len(uuids), db.BATCH):
        batch = uuids[start : start + db.BATCH]
        with db.reader() as tx:
            rows = tx.list(models.PodManager, only=('uuid',), uuid=batch).all()
        found |= {row.uuid for row in rows}
    return found


def _count(podms: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many nodes of each published flavor fit on pod managers."""
    found: dict[str, dict[str, int]] = {uuid: {} for uuid in podms}
    flavor = models.Flavor
    with db.reader() as tx:
        flavors = tx.list(
            flavor,
            flavor.published_at.is_not(None),
            order=[flavor.uuid],
            limit=_MOST,
        ).all()
    for start in range(0, len(podms), db.BATCH):
        batch = podms[start : start + db.BATCH]
        with db.reader() as tx:
            rows = tx.list(models.PodManager, uuid=list(batch)).all()
        for row in flavors:
            request = Request(
                requirements.normalize(row.properties),
                project_id=row.project_id,
                register=True,
            )
            with db.reader() as tx:
                numbers = fits.count(tx, request, rows)
            for podm, number in numbers.items():
                here = found[podm]
                here[row.name] = min(number, here.get(row.name, number))
    return found
