# SPDX-License-Identifier: Apache-2.0
"""What may go wrong with Valence.

The enabled files tell Horizon of these. Those of openstacksdk never get
there: Horizon would log the user out for most of them.
"""

from django.utils.translation import gettext as _


class Error(Exception):
    """A sentence of the service, or about it, for the user."""


class Away(Error):
    """It does not answer."""

    def __str__(self) -> str:
        return _('Valence does not answer. Please try again later.')


class NotFound(Error):
    """What was asked for does not exist, or not for this user."""


class Unauthorized(Error):
    """The token is not, or no longer, worth anything."""
