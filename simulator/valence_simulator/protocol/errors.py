# SPDX-License-Identifier: Apache-2.0
"""Errors in the form of Redfish: a status code and extended information."""

from __future__ import annotations


class RedfishError(Exception):
    """An error response.

    :param status: the HTTP status code.
    :param message_id: registry, version and key: `Base.1.0.GeneralError`.
    :param message: the readable message.
    :param args: the arguments of the message.
    :param details: additional messages for the extended information.
    :param related: JSON pointers to the invalid properties.
    """

    def __init__(
        self,
        status: int,
        message_id: str,
        message: str,
        args: tuple = (),
        details: tuple[str, ...] = (),
        related: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.message_id = message_id
        self.message = message
        self.message_args = [str(arg) for arg in args]
        self.details = details
        self.related = related
        self.headers = headers or {}

    def body(self) -> dict:
        """Return the error object of the response."""
        return {
            'error': {
                'code': self.message_id,
                'message': self.message,
                '@Message.ExtendedInfo': self.infos(),
            }
        }

    def infos(self) -> list[dict]:
        """Return the extended information."""
        info = {
            '@odata.type': '#Message.v1_1_1.Message',
            'MessageId': self.message_id,
            'Message': self.message,
            'MessageArgs': self.message_args,
            'MessageSeverity': 'Critical',
            'Resolution': 'None',
        }
        if self.related:
            info['RelatedProperties'] = list(self.related)
        return [info] + [
            {
                '@odata.type': '#Message.v1_1_1.Message',
                'MessageId': 'Base.1.0.GeneralError',
                'Message': detail,
            }
            for detail in self.details
        ]


def bad_request(message: str, *related: str) -> RedfishError:
    """Return 400: the body as a whole is invalid."""
    return RedfishError(400, 'Base.1.0.GeneralError', message, related=related)


def malformed_json() -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.MalformedJSON',
        'The request body submitted was malformed JSON.',
    )


def property_missing(name: str) -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.PropertyMissing',
        f'The property {name} is required and is not in the request.',
        (name,),
        related=(f'/{name}',),
    )


def property_unknown(name: str) -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.PropertyUnknown',
        f'The property {name} is not one that this resource knows.',
        (name,),
        related=(f'/{name}',),
    )


def property_not_writable(name: str) -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.PropertyNotWritable',
        f'The property {name} is read-only and cannot be set.',
        (name,),
        related=(f'/{name}',),
    )


def property_type(name: str, value: object) -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.PropertyValueTypeError',
        f'The value {value!r} of the property {name} is of the wrong type.',
        (value, name),
        related=(f'/{name}',),
    )


def property_value(name: str, value: object) -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.PropertyValueNotInList',
        f'The value {value!r} of the property {name} is not acceptable.',
        (value, name),
        related=(f'/{name}',),
    )


def unauthorized() -> RedfishError:
    return RedfishError(
        401,
        'Base.1.0.NoValidSession',
        'There is no valid session established with the implementation.',
        headers={'WWW-Authenticate': 'Basic realm="Redfish"'},
    )


def not_found(uri: str) -> RedfishError:
    return RedfishError(
        404,
        'Base.1.0.ResourceMissingAtURI',
        f'There is no resource at {uri}.',
        (uri,),
    )


def method_not_allowed(method: str, allow: str) -> RedfishError:
    return RedfishError(
        405,
        'Base.1.0.OperationNotAllowed',
        f'{method} is not allowed on this resource.',
        headers={'Allow': allow},
    )


def precondition_failed() -> RedfishError:
    return RedfishError(
        412,
        'Base.1.0.PreconditionFailed',
        'The ETag or the OData version does not match.',
    )


def precondition_required() -> RedfishError:
    return RedfishError(
        428,
        'Base.1.0.PreconditionRequired',
        'A precondition is missing, or its ETag does not match.',
    )


def conflict(message: str, *details: str) -> RedfishError:
    return RedfishError(409, 'Base.1.0.GeneralError', message, details=details)


def query_not_supported(name: str, status: int = 501) -> RedfishError:
    return RedfishError(
        status,
        'Base.1.5.QueryNotSupported',
        f'The query parameter {name} is not supported here.',
        (name,),
    )


def query_value(name: str, value: str) -> RedfishError:
    return RedfishError(
        400,
        'Base.1.0.QueryParameterValueFormatError',
        f'The value {value!r} of the query parameter {name} is malformed.',
        (value, name),
    )
