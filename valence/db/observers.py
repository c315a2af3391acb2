# SPDX-License-Identifier: Apache-2.0
"""What follows the changes of rows."""

from valence.db import history
from valence.db import outbox
from valence.db.transaction import Observers

#: The observers of each model.
OBSERVERS: Observers = {
    model: (
        *outbox.OBSERVERS.get(model, ()),
        *history.OBSERVERS.get(model, ()),
    )
    for model in (*outbox.OBSERVERS, *history.OBSERVERS)
}
