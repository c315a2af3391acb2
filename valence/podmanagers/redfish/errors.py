# SPDX-License-Identifier: Apache-2.0
"""Error responses of a Redfish service, and the exceptions they become."""

from collections.abc import Iterator

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers.wire import refusals
from valence.podmanagers.wire import throttle
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects
from valence.podmanagers.wire.values import text

_BUSY = (429, 503)
_GATEWAY = (502, 504)
# The bounds of a pause that a busy service asks for, in seconds.
_SHORTEST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
# Where an error has its messages: those of Redfish, and of older services.
_INFOS = ('@Message.ExtendedInfo', 'Messages')
# What says nothing: codes, and resolutions, in lower case.
_GENERAL = ('GeneralError', 'ExtendedInfo', 'ExtendedError')
_NO_ADVICE = ('', 'none', 'n/a', 'null')


def check(
    response: Response,
    uri: str,
    failure: type[exception.PodManagerError] = exception.PodManagerError,
) -> None:
    """Raise the exception that an error response stands for.

    :param failure: that of a service that fails.
    """
    status = response.status
    if status < 300:
        return
    reason = said(response)
    shown = reason or refusals.phrase(status)
    if status == 403:
        raise exception.AuthenticationFailed(
            f'access denied: {shown}', reason=shown
        )
    if status == 401:
        raise exception.AuthenticationFailed(reason=shown)
    more = f': {reason}' if reason else ''
    if status == 404:
        raise exception.ResourceGone(f'{uri} does not exist{more}', uri=uri)
    if status == 405:
        raise exception.RequestRejected(
            reason=f'{uri} does not allow it ({refusals.phrase(status)}){more}'
        )
    if status < 500 and status not in _BUSY:
        raise exception.RequestRejected(reason=shown)
    reason = f'the service responded with {refusals.phrase(status)}{more}'
    if status in _BUSY:
        raise throttle.Busy(reason=reason, seconds=_pause(response))
    if status in _GATEWAY:
        raise exception.PodManagerUnavailable(reason=reason)
    raise failure(reason=reason)


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
    """All that an error response says; its status where it says nothing."""
    return said(response) or refusals.phrase(response.status)


def said(response: Response) -> str:
    """The messages of an error response, in any form; or nothing."""
    infos = [message_text(info) for info in _extended_info(response.body)]
    infos = list(dict.fromkeys(filter(None, infos)))
    error = response.body.get('error')
    general = obj(error).get('message') if isinstance(error, dict) else error
    texts = [general] if isinstance(general, str) else []
    # Most services say no more here than where to look.
    if infos and (not texts or 'extendedinfo' in _squeezed(texts[0])):
        texts = []
    found = list(dict.fromkeys((*map(refusals.plain, texts), *infos)))
    code = str(obj(error).get('code') or '').rpartition('.')[2]
    return (
        refusals.clean(' '.join(filter(None, found)))
        or refusals.said(response.body, response.text)
        or ('' if code in _GENERAL else refusals.clean(code))
    )


def message_text(info: JsonObject) -> str:
    """A message as text: its text, or else its ID and arguments."""
    listed = info.get('MessageArgs')
    arguments = [
        refusals.clean(str(one))
        for one in (listed if isinstance(listed, list) else [listed])
        if one is not None
    ]
    written = text(info.get('Message') or info.get('message'), 2000) or ''
    for number, value in enumerate(arguments, 1):
        written = written.replace(f'%{number}', value)
    name = info.get('MessageId') or info.get('MessageID')
    name = str(name or '').rpartition('.')[2]
    if not written and name:
        known = f' ({", ".join(arguments)})' if arguments else ''
        written = f'{name}{known}'
    advice = text(info.get('Resolution')) or ''
    if advice.strip(' .').casefold() not in _NO_ADVICE:
        written = f'{written} {advice}'
    return refusals.plain(written)


def message_ids(response: Response) -> set[str]:
    """The ids of an error's messages, without registry and version."""
    ids = [obj(response.body.get('error')).get('code')]
    ids += [info.get('MessageId') for info in _extended_info(response.body)]
    return {str(found).rpartition('.')[2] for found in ids if found}


def _squeezed(words: str) -> str:
    return ''.join(words.split()).casefold()


def _extended_info(body: JsonObject) -> Iterator[JsonObject]:
    """The extended info of an error, an array or a single object."""
    for holder in (obj(body.get('error')), body):
        for name in _INFOS:
            found = holder.get(name)
            yield from objects(found if isinstance(found, list) else [found])


def _pause(response: Response) -> float:
    """Seconds after which a busy service wants to be called again."""
    try:
        seconds = float(response.headers.get('Retry-After', ''))
    except ValueError:
        return _SHORTEST_PAUSE
    return min(max(_SHORTEST_PAUSE, seconds), _LONGEST_PAUSE)
