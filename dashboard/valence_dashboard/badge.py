# SPDX-License-Identifier: Apache-2.0
"""The number of open findings, which pages of administrators show."""

from typing import Any

from django.utils.translation import ngettext
from openstack_dashboard import policy

from valence_dashboard import api
from valence_dashboard.exceptions import Error

_RULES = (('composable', 'composable:finding:list'),)
# More are shown as this number with a plus sign.
_MOST = 99


class WithBadge:
    """A view that shows the number of open findings."""

    request: Any

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the text of the badge."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        context['open_findings'] = self._open_findings()
        return context

    def _open_findings(self) -> str | None:
        """Return the text, or None if there is nothing to show."""
        if not policy.check(_RULES, self.request):
            return None
        try:
            found = api.list_resources(
                self.request,
                'findings',
                _MOST + 1,
                state='open',
                fields='uuid',
            )
        except Error:
            # The page itself shows it.
            return None
        count = len(found)
        shown = f'{_MOST}+' if count > _MOST else str(count)
        text = ngettext('%s open finding', '%s open findings', count)
        return text % shown if count else None
