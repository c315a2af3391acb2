# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, with the HTTP status that says so.

A class stands for one way of going wrong. Its name, in words joined by
hyphens, is the ``code`` of the API error (``composable.not-found``), its
``code`` attribute the HTTP status. The message is for the user: it names the
field or the resource, and never holds a secret.
"""

import re
from typing import Any
from typing import NamedTuple


class ErrorText(NamedTuple):
    """Why an operation failed, as it is stored.

    :param message: for operators; may quote a pod manager.
    :param user_message: for members of projects: tells nothing of how a pod
        manager is reached, and quotes nothing.
    """

    message: str
    user_message: str

    def while_undoing(self, cause: 'ErrorText | None') -> 'ErrorText':
        """The text of an error that occurred while steps were undone.

        :param cause: the error because of which they were.
        """
        undoing = ErrorText(*(f'undoing: {text}' for text in self))
        if cause is None:
            return undoing
        return ErrorText(*map('; '.join, zip(cause, undoing, strict=True)))

    def columns(self, field: str) -> dict[str, str]:
        """The values of the columns; see ``failure`` in ``objects.fields``."""
        return {
            field: self.message[:4096],
            f'plain_{field}': self.user_message[:4096],
        }


class ValenceException(Exception):
    """The base class; by itself, an unexpected error.

    :cvar user_message: what members of projects read in place of the message,
        where the message may quote a pod manager.
    """

    code = 500
    message = 'An unexpected error occurred.'
    user_message: str | None = None
    headers: dict[str, str] = {}

    def __init__(self, message: str | None = None, **values: Any) -> None:
        self.values = values
        super().__init__(message or self.message % values)

    def error_text(self) -> ErrorText:
        """What to store of it."""
        return ErrorText(str(self), self.user_message or str(self))

    @classmethod
    def error_code(cls) -> str:
        """The stable, machine-readable name of this error."""
        words = re.sub(r'(?<=[a-z])(?=[A-Z])', '-', cls.__name__)
        return f'composable.{words.lower()}'


class Invalid(ValenceException):
    """The request does not make sense."""

    code = 400
    message = 'Invalid input for %(field)s: %(reason)s.'


class InvalidBody(Invalid):
    """The request's body is not a JSON object."""

    message = 'The body of the request %(reason)s.'


class Unauthorized(ValenceException):
    """Nobody knows who is asking, where users are in a file."""

    code = 401
    message = 'Authentication is required: a user name and password.'
    headers = {'WWW-Authenticate': 'Basic realm="valence", charset="UTF-8"'}


class Forbidden(ValenceException):
    """The policy says no."""

    code = 403
    message = 'The policy does not allow %(action)s to be done by you.'


class OverLimit(Forbidden):
    """The project would hold more than its quota."""

    message = 'The quota of the project does not allow that: %(reason)s.'


class NotFound(ValenceException):
    """There is no such thing, or it is not for the asker to know of it."""

    code = 404
    message = '%(kind)s %(ident)s could not be found.'


class MethodNotAllowed(ValenceException):
    """The resource is there, but this cannot be done to it."""

    code = 405
    message = 'The method %(method)s is not allowed here; allowed: %(allow)s.'

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(method=method, allow=allow)
        self.headers = {'Allow': allow}


class NotAcceptable(ValenceException):
    """The client asks for an API version or a format that is not there."""

    code = 406


class Conflict(ValenceException):
    """The request is right, but what is there stands against it."""

    code = 409


class Duplicate(Conflict):
    """A unique value is taken already."""

    message = 'A %(kind)s with this %(field)s exists already.'


class UnsupportedMediaType(ValenceException):
    """The body is of a type that is not read."""

    code = 415
    message = (
        'The body of the request has to be application/json, not '
        '%(content_type)s.'
    )


class TooManyRequests(ValenceException):
    """Somebody asks more often than is good for the others."""

    code = 429
    message = 'Too many requests; try again in a second.'
    headers = {'Retry-After': '1'}


class ServiceUnavailable(ValenceException):
    """Something that Valence itself needs is away for the moment."""

    code = 503
    message = '%(service)s cannot be reached at the moment; try again later.'
    headers = {'Retry-After': '5'}


class NoCapacity(Conflict):
    """No pod manager has what is asked for."""

    message = 'No capacity: %(reason)s'


class LostRace(Conflict):
    """What was chosen has been taken meanwhile: choose again."""

    message = 'What was chosen has been taken meanwhile.'


# What drivers say of their endpoint. None of these reaches an API client as a
# status: they become a status_reason or a last_error.


class PodManagerError(ValenceException):
    """A pod manager did not do what it was asked."""

    code = 502
    message = 'The pod manager failed: %(reason)s'
    user_message = 'The pod manager failed.'


class PodManagerUnavailable(PodManagerError):
    """A pod manager does not answer as it should; this may pass."""

    message = '%(reason)s'
    user_message = 'The pod manager is not available.'


class MalformedAnswer(PodManagerUnavailable):
    """A pod manager answers something that is not of its protocol."""


class AuthenticationFailed(PodManagerError):
    """A pod manager does not take the user name and password."""

    message = 'wrong user name or password: %(reason)s'
    user_message = 'The pod manager rejected the credentials.'


class NotAPodManager(PodManagerError):
    """What answers at the URL is not a pod manager that a driver knows."""

    message = 'not a pod manager: %(reason)s'
    user_message = 'The pod manager is not available.'


class RequestRefused(PodManagerError):
    """A pod manager understood the request and says no to it."""

    message = 'the pod manager rejected the request: %(reason)s'
    user_message = 'The pod manager rejected the request.'


class NoMatch(RequestRefused):
    """A pod manager has nothing (any more) that fits the request."""

    message = 'the pod manager found no match: %(reason)s'
    user_message = 'The pod manager found no match.'


class ResourceGone(PodManagerError):
    """The pod manager does not know the resource (any more)."""

    message = '%(uri)s does not exist any more'
    user_message = 'The resource does not exist any more.'


class StepTimedOut(ValenceException):
    """A step of an operation was waited for in vain."""

    code = 504
    message = 'Step %(step)s timed out after %(seconds).0f s: %(reason)s'
    user_message = 'Operation timed out.'


# What provisioners say. It becomes the error of the operation.


class ProvisioningError(ValenceException):
    """What provisions nodes did not do what it was asked."""

    code = 502
    message = 'Provisioning failed: %(reason)s'
    user_message: str | None = 'Provisioning failed.'


class ProvisioningUnavailable(ProvisioningError):
    """It does not answer as it should; this may pass."""

    message = '%(reason)s'
    user_message = 'The provisioner is not available.'


class ProvisioningRefused(ProvisioningError):
    """It understood the request and says no to it."""

    message = '%(reason)s'
    user_message = 'The provisioner rejected the request.'


class ProvisioningConflict(ProvisioningError):
    """What the node is used for there stands against the request."""

    message = '%(reason)s'
    user_message = None


class ProvisioningFailed(ProvisioningError):
    """What was asked for was tried, and came to nothing."""

    message = '%(summary)s: %(detail)s'

    def error_text(self) -> ErrorText:
        """The user message leaves out what the provisioner said."""
        return ErrorText(str(self), f'{self.values["summary"]}.')
