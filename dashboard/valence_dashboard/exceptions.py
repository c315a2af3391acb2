# SPDX-License-Identifier: Apache-2.0
"""What may go wrong with Valence.

The enabled files tell Horizon of these. Those of openstacksdk never get
there: Horizon would log the user out for most of them.
"""


class Error(Exception):
    """A sentence of the service, or about it, for the user."""


class NotFound(Error):
    """What was asked for does not exist, or not for this user."""


class Unauthorized(Error):
    """The token is not, or no longer, worth anything."""
