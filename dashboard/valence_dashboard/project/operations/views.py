# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.urls import reverse

from valence_dashboard import api
from valence_dashboard import operations
from valence_dashboard import views

_INDEX = 'horizon:project:operations:index'


class Index(operations.Index):
    """The operations of the project."""

    def get_data(self) -> list[api.Record]:
        """Of the project alone, also for those who see those of all."""
        self.query = {
            **self.query,
            'project_id': self.request.user.project_id,
        }
        return super().get_data()


def _status(operation: api.Record) -> dict[str, str | None]:
    live = reverse('horizon:project:operations:live', args=(operation.id,))
    return {
        'status': operations.progress(operation),
        'error': operation.error,
        'live': live if operations.is_open(operation) else None,
    }


class Detail(views.DetailView):
    """An operation, and the journal of what it did."""

    template_name = 'valence/operation.html'
    page_title = '{{ record.action }}'
    kind = 'operation'
    component = 'Operation'
    index = _INDEX
    # What the head of the page says.
    without = ('action', 'state', 'progress', 'error')

    def instead(self, found: api.Record) -> dict[str, str]:
        """With the name of what it changes."""
        operations.complete(self.request, [found])
        shown = super().instead(found)
        url = operations.address(found)
        if url:
            shown['target_uuid'] = views.link(url, operations.target(found))
        return shown

    def actions(self, found: api.Record) -> Any:
        """What can be done with it."""
        return operations.Operations(self.request).render_row_actions(found)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the journal."""
        context = super().get_context_data(**kwargs)
        found = context['record']
        steps = [api.Record(step) for step in found.steps or ()]
        journal = operations.Journal(self.request, data=steps)
        return (
            context
            | _status(found)
            | {'url': reverse(_INDEX), 'journal': journal}
        )


class Live(views.Live):
    """How far an operation is."""

    kind = 'operation'

    @staticmethod
    def status(
        request: http.HttpRequest, found: api.Record
    ) -> dict[str, str | None]:
        """As a bar until it has ended."""
        return _status(found)
