# SPDX-License-Identifier: Apache-2.0
"""Exceptions, each with the HTTP status that reports it.

The name of a class, in words joined by hyphens, is the ``code`` of the API
error (``composable.not-found``); its ``code`` attribute is the HTTP status.
The message is for the user: it names the field or the resource, and never
contains a secret.
"""

import re
from typing import Any
from typing import NamedTuple

from valence.common.types import Requirements


class ErrorText(NamedTuple):
    """The error of an operation, as it is stored.

    :param message: for operators; may contain text of a pod manager.
    :param user_message: for members of projects: nothing of a pod manager.
    """

    message: str
    user_message: str

    def while_undoing(self, cause: 'ErrorText | None') -> 'ErrorText':
        """This error, as one that occurred while steps were undone.

        :param cause: the error that made them be undone.
        """
        undoing = ErrorText(*(f'undoing: {text}' for text in self))
        if cause is None:
            return undoing
        return ErrorText(*map('; '.join, zip(cause, undoing, strict=True)))

    def columns(self, field: str) -> dict[str, str]:
        """The values of the columns of ``objects.fields.error_text``."""
        return {
            field: self.message[:4096],
            f'user_{field}': self.user_message[:4096],
        }


class ValenceException(Exception):
    """Base class of the exceptions of Valence.

    :cvar user_message: replaces the message for members of projects, where the
        message may contain text of a pod manager.
    :cvar details: further fields of the error of the API.
    """

    code = 500
    message = 'An unexpected error occurred.'
    user_message: str | None = None
    headers: dict[str, str] = {}
    details: dict[str, Any] = {}

    def __init__(self, message: str | None = None, **values: Any) -> None:
        self.values = values
        super().__init__(message or self.message % values)

    def error_text(self) -> ErrorText:
        """The texts to store."""
        return ErrorText(str(self), self.user_message or str(self))

    @classmethod
    def error_code(cls) -> str:
        """The stable, machine-readable name of this error."""
        words = re.sub(r'(?<=[a-z])(?=[A-Z])', '-', cls.__name__)
        return f'composable.{words.lower()}'


class Invalid(ValenceException):
    """A field of the request is invalid."""

    code = 400
    message = 'Invalid input for %(kind)s %(field)s: %(reason)s.'

    def __init__(
        self, message: str | None = None, *, kind: str = 'field', **values: Any
    ) -> None:
        super().__init__(message, kind=kind, **values)


class InvalidBody(Invalid):
    """The request body as a whole is invalid."""

    message = 'Invalid request body: %(reason)s.'


class ValueRejected(Invalid):
    """The database does not accept a value."""

    message = 'The database does not accept a value of this kind or size.'


class Unauthorized(ValenceException):
    """HTTP basic authentication failed or is missing."""

    code = 401
    message = 'Authentication is required: a user name and password.'
    headers = {'WWW-Authenticate': 'Basic realm="valence", charset="UTF-8"'}


class Forbidden(ValenceException):
    """A policy rule denies the request."""

    code = 403
    message = "Policy doesn't allow %(action)s to be performed."


class ForeignOrigin(ValenceException):
    """A web page of another origin sent a request without authentication."""

    code = 403
    message = 'The request is refused as a cross-site request: %(reason)s.'


class OverLimit(Forbidden):
    """The request would exceed the quota of the project."""

    message = 'Quota exceeded for the project: %(reason)s.'


class NotFound(ValenceException):
    """The resource does not exist, or is hidden from the caller."""

    code = 404
    message = '%(kind)s %(ident)s could not be found.'


class MethodNotAllowed(ValenceException):
    """The resource does not support the HTTP method."""

    code = 405
    message = 'The method %(method)s is not allowed here; allowed: %(allow)s.'

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(method=method, allow=allow)
        self.headers = {'Allow': allow}


class NotAcceptable(ValenceException):
    """The requested API version or format is not supported."""

    code = 406


class Conflict(ValenceException):
    """The state of a resource does not allow the request."""

    code = 409


class Duplicate(Conflict):
    """A value that must be unique is in use already."""

    message = 'A %(kind)s with this %(field)s already exists.'


class PreconditionFailed(ValenceException):
    """The resource is not as If-Match says: it was changed meanwhile."""

    code = 412
    message = (
        'The resource was changed meanwhile: If-Match has another entity tag. '
        'Read it again.'
    )


class UnsupportedMediaType(ValenceException):
    """The content type of the request body is not supported."""

    code = 415
    message = (
        'The content type of the request body must be application/json, not '
        '"%(content_type)s".'
    )


class TooManyRequests(ValenceException):
    """The caller exceeds a rate limit."""

    code = 429
    message = 'Too many requests; try again in a second.'
    headers = {'Retry-After': '1'}


class ServiceUnavailable(ValenceException):
    """A service that Valence depends on is unavailable."""

    code = 503
    message = '%(service)s is currently unavailable; try again later.'
    headers = {'Retry-After': '5'}


class Unhealthy(ServiceUnavailable):
    """A health check has failed.

    :param problems: for anybody: without hosts and files.
    """

    message = '%(problems)s'


class DatabaseUnavailable(ServiceUnavailable):
    """The database is unreachable, read-only or without tables.

    :param reason: the text of the database or its client library, for
        operators.
    """

    message = 'The database is currently unavailable; try again later.'

    def error_text(self) -> ErrorText:
        """The texts to store."""
        return ErrorText(
            f'the database is unavailable: {self.reason}',
            'The database is unavailable.',
        )

    @property
    def reason(self) -> str:
        """The text of the database or its client library."""
        return str(self.values.get('reason', self))


class ConnectionLost(DatabaseUnavailable):
    """The connection to the database broke before anything was committed."""


class NoCapacity(Conflict):
    """No pod manager can satisfy the request.

    :ivar nearest: the largest similar requirements that one can satisfy.
    """

    message = 'No capacity: %(reason)s'
    nearest: Requirements | None = None


class LostRace(Conflict):
    """The selected hardware was allocated to another node: select again."""

    message = 'The selected hardware is no longer available.'


# Raised by drivers, to become a status_reason or a last_error.


class PodManagerError(ValenceException):
    """A request to a pod manager failed."""

    code = 502
    message = 'The pod manager failed: %(reason)s'
    user_message = 'The pod manager failed.'


class PodManagerUnavailable(PodManagerError):
    """A pod manager is unavailable or misbehaves, possibly temporarily."""

    message = '%(reason)s'
    user_message = 'The pod manager is not available.'


class NotSent(PodManagerUnavailable):
    """A request did not reach the pod manager: nothing was changed by it."""


class Unreadable(PodManagerError):
    """A pod manager failed when a resource was read."""


class MalformedResponse(PodManagerUnavailable):
    """A response of a pod manager violates its protocol."""


class BudgetSpent(MalformedResponse):
    """One call received as much as it may; see [podm] max_reading_…."""


class AuthenticationFailed(PodManagerError):
    """A pod manager rejected the user name or password."""

    message = 'wrong user name or password: %(reason)s'
    user_message = 'The pod manager rejected the credentials.'


class NotAPodManager(PodManagerError):
    """The service at the URL is not a pod manager that a driver supports."""

    message = 'not a pod manager: %(reason)s'
    user_message = 'The pod manager is not available.'


class RequestRejected(PodManagerError):
    """A pod manager understood the request and rejected it."""

    message = 'the pod manager rejected the request: %(reason)s'
    user_message = 'The pod manager rejected the request.'


class NoMatch(RequestRejected):
    """A pod manager has no free resources that match the request."""

    message = 'the pod manager found no match: %(reason)s'
    user_message = 'The pod manager found no match.'


class ResourceGone(PodManagerError):
    """A resource does not exist on the pod manager (any more)."""

    message = '%(uri)s does not exist'
    user_message = 'The resource does not exist any more.'


class NotAsRequested(PodManagerError):
    """A pod manager reported success, but its resources show otherwise."""

    message = 'the pod manager did not do what was requested: %(reason)s'
    user_message = 'The pod manager did not do what was requested.'


class AnswerLost(PodManagerError):
    """Whether a request that must not be repeated was fulfilled is unknown."""

    message = 'the answer was lost; look at the node: %(reason)s'
    user_message = 'The answer of the pod manager was lost; look at the node.'


class NotOurs(PodManagerError):
    """A resource is not the node any more: nothing was sent to it."""

    message = (
        '%(uri)s is not the hardware that the node was made of, nothing was '
        'sent to it: %(reason)s'
    )
    user_message = 'The hardware of the node is not what it was made of.'


class ServiceReplaced(PodManagerError):
    """Another service is at the URL: nothing was sent to it."""

    message = '%(reason)s'
    user_message = 'The pod manager is not available.'


class StepTimedOut(ValenceException):
    """A step of an operation timed out."""

    code = 504
    message = 'Step %(step)s timed out after %(seconds).0f s: %(reason)s'
    user_message = 'Operation timed out.'


# Raised by provisioners. They become the error of the operation.


class ProvisioningError(ValenceException):
    """A request to a provisioner failed."""

    code = 502
    message = 'Provisioning failed: %(reason)s'
    user_message: str | None = 'Provisioning failed.'


class ProvisioningUnavailable(ProvisioningError):
    """A provisioner is unavailable or misbehaves, possibly temporarily."""

    message = '%(reason)s'
    user_message = 'The provisioner is not available.'


class ProvisioningRejected(ProvisioningError):
    """A provisioner understood the request and rejected it."""

    message = '%(reason)s'
    user_message = 'The provisioner rejected the request.'


class ProvisioningConflict(ProvisioningError):
    """The state of the node in the provisioner does not allow the request."""

    message = '%(reason)s'
    user_message = None


class ProvisioningFailed(ProvisioningError):
    """A provisioner tried and failed.

    :param summary: what failed, for members of projects, too.
    :param detail: the error text of the provisioner.
    """

    message = '%(summary)s: %(detail)s'

    def error_text(self) -> ErrorText:
        """The user message omits the detail."""
        return ErrorText(str(self), f'{self.values["summary"]}.')
