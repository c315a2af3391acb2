# SPDX-License-Identifier: Apache-2.0
from valence.api import query
from valence.api.controllers.v1 import base
from valence.db.sqlalchemy import models
from valence.objects import event


class Feed(base.Controller[models.Event]):
    """The stored changes of resources."""

    def __init__(self) -> None:
        super().__init__(models.Event)

    @base.verb(listing=True)
    def list(self, call: base.Call) -> base.Answer:
        """List events, one page at a time."""
        answer = super().list(call)
        for one in answer[self.collection]:
            _show_payload(call, one)
        return answer

    @base.verb(params=query.FIELDS)
    def show(self, call: base.Call) -> base.Answer:
        """Show an event."""
        answer = super().show(call)
        _show_payload(call, answer)
        return answer


def _show_payload(call: base.Call, record: base.Answer) -> None:
    """Leave only what the caller can see in the payload, if it is there."""
    if 'payload' in record:
        record['payload'] = event.shown(record['payload'], call.audience)
