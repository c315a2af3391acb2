# SPDX-License-Identifier: Apache-2.0
from typing import Any

from valence_dashboard import api
from valence_dashboard import operations
from valence_dashboard import views

_INDEX = 'horizon:project:operations:index'


class Index(operations.Index):
    """The operations of the project."""

    is_own = True


class Detail(views.DetailView):
    """An operation with its steps."""

    template_name = 'valence/operation.html'
    page_title = '{{ record.action }}'
    kind = 'operation'
    component = 'Operation'
    index = _INDEX
    # The page header shows these.
    exclude = ('action', 'state', 'progress', 'error')

    def replacements(self, found: api.Record) -> dict[str, str]:
        """Show the names of the target and the user."""
        operations.AllOperations(self.request).complete([found])
        shown = {**super().replacements(found), 'user_id': found.user or ''}
        url = operations.target_url(found)
        if url:
            shown['target_uuid'] = views.link(
                url, operations.target_name(found)
            )
        return shown

    def actions(self, found: api.Record) -> Any:
        """Return the actions of the operation."""
        return operations.Operations(self.request).render_row_actions(found)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the steps."""
        context = super().get_context_data(**kwargs)
        found = context['record']
        rows = [api.Record(step) for step in found.steps or ()]
        steps = operations.Steps(self.request, data=rows)
        return context | {
            'status': operations.progress(found),
            'error': found.error,
            'steps': steps,
        }
