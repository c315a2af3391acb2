# SPDX-License-Identifier: Apache-2.0
"""How many more nodes fit on pod managers: from the counters, not from rows.

Nodes are fitted in one after the other, as the scheduler would choose their
hardware, and equal ones at once: that costs as much as there are kinds of
hardware, however much of each there is. Another order may fit in more. Devices
that nodes can share count once.
"""

import dataclasses
from collections import Counter
from collections.abc import Collection

from valence.db import access
from valence.db import api as db
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.scheduler import availability
from valence.scheduler import candidates
from valence.scheduler import ranking
from valence.scheduler.affinity import Affinity
from valence.scheduler.availability import Availability
from valence.scheduler.availability import Available
from valence.scheduler.chosen import Chosen
from valence.scheduler.comparison import Comparison
from valence.scheduler.request import Request


def count(
    tx: db.Transaction,
    request: Request,
    podms: Collection[models.PodManager],
) -> dict[str, int]:
    """How many nodes of a request fit on pod managers, by their UUIDs."""
    granted = access.granted(tx, request.project_id)
    request = dataclasses.replace(request, granted=granted)
    request = candidates.with_use(tx, request, podms)
    accepted = [
        podm.uuid
        for podm in podms
        if podm.condition_uuid is None
        and ranking.apply_filters(podm, request) is None
    ]
    comparison = Comparison(request.requirements, shapes.load(tx))
    reader = availability.Reader(
        tx,
        comparison.relevant(),
        comparison.needed,
        Affinity(tx, None, request.project_id),
        request.project_id,
        Chosen(tx, ()),
    )
    zoned = [
        uuid
        for uuid in accepted
        if uuid in request.use and request.use[uuid].zoned
    ]
    found = reader.read(accepted, zoned)
    fits = {uuid: _fill(comparison, one) for uuid, one in found.items()}
    return {podm.uuid: fits.get(podm.uuid, 0) for podm in podms}


def _fill(comparison: Comparison, available: Availability) -> int:
    """How many nodes fit in what is available."""
    devices: dict[int, Available] = {}
    for one in available.devices:
        known = devices.get(id(one.part))
        free = one.free + (known.free if known else 0)
        devices[id(one.part)] = one._replace(free=free)
    total = 0
    for system in available.free:
        left = system.free
        while left:
            stock = [one for one in devices.values() if one.free]
            match = comparison.match(
                system,
                Availability(
                    available.zoned, comparison.needed, [system], stock
                ),
            )
            if match.shortage is not None:
                break
            used = Counter(id(part) for part in match.devices)
            # So many nodes use the same devices.
            times = min([left, *(devices[n].free // used[n] for n in used)])
            for part, number in used.items():
                free = devices[part].free - number * times
                devices[part] = devices[part]._replace(free=free)
            left -= times
            total += times
    return total
