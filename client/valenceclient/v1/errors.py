# SPDX-License-Identifier: Apache-2.0
"""Errors of the service as exceptions."""

from typing import Any

from openstack import exceptions


def raise_from_response(response: Any) -> None:
    """Raise the error message of a response, if it is an error.

    The text of the exception ends with the request ID, by which the logs of
    the service can be searched; ``message`` is what the service says.

    :raises: :class:`~openstack.exceptions.HttpException`
    """
    try:
        exceptions.raise_from_response(response, _message(response))
    except exceptions.HttpException as exc:
        exc.details = with_request_id(exc.details or '', exc.request_id)
        raise


def with_request_id(text: str, request_id: str | None) -> str:
    """Append a request ID to an error message."""
    return f'{text} (Request-ID: {request_id})' if request_id else text


def _message(response: Any) -> str:
    """Return the error message of Valence, or the status of a response.

    A proxy in front of the service has messages of its own.
    """
    try:
        details = [error['detail'] for error in response.json()['errors']]
    except (ValueError, KeyError, TypeError):
        details = []
    reason = f' ({response.reason})' if response.reason else ''
    return (
        ' '.join(details)
        or f'The service returned {response.status_code}{reason}.'
    )
