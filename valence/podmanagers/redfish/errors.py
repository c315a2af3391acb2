# SPDX-License-Identifier: Apache-2.0
"""Error responses of a Redfish service, and the exceptions they become."""

from collections.abc import Iterator

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers.wire import throttle
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects

_BUSY = (429, 503)
_GATEWAY = (502, 504)
# The bounds of a pause that a busy service asks for, in seconds.
_SHORTEST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0


def check(response: Response, uri: str) -> None:
    """Raise the exception that an error response stands for."""
    status = response.status
    if status < 300:
        return
    if status in (401, 403):
        raise exception.AuthenticationFailed(reason=message(response))
    if status == 404:
        raise exception.ResourceGone(uri=uri)
    if status < 500 and status not in _BUSY:
        raise exception.RequestRejected(reason=message(response))
    reason = f'the service responded with {status}: {message(response)}'
    if status in _BUSY:
        raise throttle.Busy(reason=reason, seconds=_pause(response))
    if status in _GATEWAY:
        raise exception.PodManagerUnavailable(reason=reason)
    raise exception.PodManagerError(reason=reason)


def check_resource(response: Response, uri: str) -> None:
    """Refuse a successful response that holds an error, or nothing.

    :raises MalformedResponse: when it does.
    """
    if all(
        name == 'error' or name.startswith('@odata.') for name in response.body
    ):
        raise exception.MalformedResponse(
            reason=f'{uri} is no resource: {message(response)}'
        )


def message(response: Response) -> str:
    """The messages of an error response; its status where it has none."""
    texts = [obj(response.body.get('error')).get('message')]
    texts += [info.get('Message') for info in _extended_info(response.body)]
    found = dict.fromkeys(
        text.strip() for text in texts if isinstance(text, str) and text
    )
    return ' '.join(found)[:1000] or f'status {response.status}'


def message_ids(response: Response) -> set[str]:
    """The ids of an error's messages, without registry and version."""
    ids = [obj(response.body.get('error')).get('code')]
    ids += [info.get('MessageId') for info in _extended_info(response.body)]
    return {str(found).rpartition('.')[2] for found in ids if found}


def _extended_info(body: JsonObject) -> Iterator[JsonObject]:
    """The extended info of an error, an array or a single object."""
    extended = obj(body.get('error')).get('@Message.ExtendedInfo')
    yield from objects(extended if isinstance(extended, list) else [extended])


def _pause(response: Response) -> float:
    """Seconds after which a busy service wants to be called again."""
    try:
        seconds = float(response.headers.get('Retry-After', ''))
    except ValueError:
        return _SHORTEST_PAUSE
    return min(max(_SHORTEST_PAUSE, seconds), _LONGEST_PAUSE)
