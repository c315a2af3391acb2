# SPDX-License-Identifier: Apache-2.0
"""Error messages on the pages."""

import sys
from typing import Any

from django import http
from django.contrib import messages
from horizon import exceptions

from valence_dashboard import live
from valence_dashboard.exceptions import Unauthorized


def show_error(request: http.HttpRequest, **kwargs: Any) -> Any:
    """Show the current exception to the user with its own message.

    A message that the page shows already is not repeated. An update of a page
    that is open has no messages: it fails.
    """
    exc = sys.exc_info()[1]
    if live.is_update(request):
        request.composable_error = exc
        return None
    pending = messages.get_messages(request)
    repeated = any(one.message == str(exc) for one in pending)
    pending.used = False  # reading them marks them as used
    return exceptions.handle(
        request,
        '%(exc)s',
        details='',
        log_level='info',
        ignore=repeated and not isinstance(exc, Unauthorized),
        **kwargs,
    )
