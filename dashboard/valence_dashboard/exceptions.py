# SPDX-License-Identifier: Apache-2.0
"""Errors of Valence.

The files in ``enabled`` register them in Horizon. Exceptions of openstacksdk
must not reach Horizon: it would log the user out for most of them.
"""

from django.utils.translation import gettext as _

from valence_dashboard import reasons


class Error(Exception):
    """An error with a message for the user.

    Its argument is the message of the service.
    """

    def __str__(self) -> str:
        return reasons.translated(super().__str__())


class Unavailable(Error):
    """Valence does not respond."""

    def __str__(self) -> str:
        return _('Valence does not respond. Please try again later.')


class NotFound(Error):
    """The resource does not exist, or is hidden from this user."""


class Unauthorized(Error):
    """The token is invalid or expired."""
