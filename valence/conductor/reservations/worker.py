# SPDX-License-Identifier: Apache-2.0
"""The thread that works on the reservations that are due.

What a pod manager has reserved is listed once a round. By its mark each
reservation is found again, whatever happened to the answer of a request.
"""

from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.conductor import jobs
from valence.conductor.inventory import replacement
from valence.conductor.reservations import look
from valence.conductor.reservations import rows
from valence.db.sqlalchemy import models
from valence.objects.hold import SENDING
from valence.podmanagers import base
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)


class Reservations:
    """Works on the reservations that are due, one pod manager at a time."""

    def __init__(self, drivers: loader.Pool) -> None:
        self._drivers = drivers
        # Most of the threads wait, if any, for pod managers that hang.
        self._pool = jobs.Pool(
            'reservations', cfg.CONF.conductor.probe_workers * jobs.FACTOR
        )
        self._jobs = jobs.KeyedJobs()

    def tick(self) -> None:
        """Begin what is due; returns at once."""
        for podm in rows.due():
            self._jobs.submit(self._pool, podm.uuid, self._run, podm)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.close()

    def _run(self, podm: models.PodManager) -> None:
        try:
            work(podm, self._drivers.get(podm))
        except (exception.ValenceException, db_exception.DBError) as exc:
            LOG.info('The reservations of %s: %s', podm.name, exc)
        except Exception:
            LOG.exception('The reservations of %s', podm.name)


def work(podm: models.PodManager, driver: base.Driver) -> None:
    """Look at some reservations that are due on a pod manager."""
    seconds = driver.connection.request_timeout
    uuid = identity.identifying_uuid(driver.service_uuid(Deadline(seconds)))
    if uuid is not None and replacement.is_other(podm, uuid):
        # The next probe reports it.
        return
    claims = rows.claim(podm.uuid, seconds)
    known: dict[str, base.Reservation] = {}
    if any(claim.row.sent_at is not None for claim in claims):
        try:
            listed = driver.list_reservations(Deadline(seconds))
        except exception.PodManagerError:
            # It is not known what there is, so nothing is done.
            for claim in claims:
                sending = claim.row.state == SENDING
                soon = look.SOON_SECONDS if sending else look.LOOK_SECONDS
                rows.store(claim, {}, soon)
            raise
        known = {one.mark.node: one for one in listed}
    for claim in claims:
        look.Look(claim, driver, known).go()
