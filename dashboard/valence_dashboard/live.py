# SPDX-License-Identifier: Apache-2.0
"""Pages that follow what others do.

The script of a page requests the page again every few seconds, with a header
and the ETag of what it shows. What the API has returned makes the ETag: as
long as that is the same, nothing is rendered.
"""

import time
from typing import Any

from django import http
from django.template.response import TemplateResponse
from horizon import conf

from valence_dashboard import api
from valence_dashboard import exceptions

HEADER = 'X-Valence-Live'
_STATUS = {exceptions.NotFound: 404, exceptions.Unauthorized: 401}


def is_update(request: http.HttpRequest) -> bool:
    """Return whether the script of a page that is open sent the request."""
    return request.method == 'GET' and HEADER in request.headers


def failed(exc: Exception) -> http.HttpResponse:
    """Return the response to an update that cannot be made."""
    status = _STATUS.get(type(exc), 503)
    return http.HttpResponse(str(exc), 'text/plain', status)


class View:
    """A page whose content is updated while it is open."""

    request: http.HttpRequest

    def dispatch(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Return the page, 304 if it shows what it would show, or an error."""
        update = is_update(request)
        if update:
            # It is not the user who is active: the session may expire.
            request.session.modified = False
        response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        if request.method != 'GET' or not isinstance(
            response, TemplateResponse
        ):
            return response
        if update and hasattr(request, 'composable_error'):
            return failed(request.composable_error)
        etag = _etag(request)
        if update and request.headers.get('If-None-Match') == etag:
            return http.HttpResponseNotModified(headers={'ETag': etag})
        response.headers['ETag'] = etag
        response.context_data |= {
            'etag': etag,
            'interval': conf.HORIZON_CONFIG['ajax_poll_interval'],
            # The view of a workflow has a layout of its own.
            'frame': 'valence/update.html' if update else 'base.html',
        }
        return response


def _etag(request: http.HttpRequest) -> str:
    """Return the ETag of a page that has been read.

    It changes every minute, because pages show how long ago things were.
    """
    minute = int(time.time()) // 60
    return f'"{api.client(request).digest.hexdigest()}-{minute}"'
