# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from horizon import views

from valence_dashboard import messages
from valence_dashboard import pods
from valence_dashboard import search
from valence_dashboard.exceptions import Error

_MAX_LENGTH = 255


class Search(views.HorizonTemplateView):
    """Find resources of all kinds."""

    template_name = 'valence/search.html'
    page_title = _('Search')

    def get(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Return what was found; an identifier leads to its page."""
        text = request.GET.get('q', '').strip()[:_MAX_LENGTH]
        found: list[search.Hit] | None = None
        try:
            if text:
                found = search.exact(request, text)
                if len(found) == 1 and found[0].url:
                    return redirect(found[0].url)
                found = found or search.parts(request, text)
                pods.complete(request, [one.record for one in found])
        except Error:
            messages.show_error(request)
        context = self.get_context_data(**kwargs)
        return self.render_to_response(
            {**context, 'text': text, 'found': found, 'limit': search.LIMIT}
        )
