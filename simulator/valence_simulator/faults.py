# SPDX-License-Identifier: Apache-2.0
"""Fault injection: which requests are affected, and how.

A fault acts before the request is processed (``delay``, ``status``, ``hang``
…), changes the response afterwards (``truncate``, ``lost-answer`` …), or is
attached to the request for the personality (``fail-task``).
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import re
import socket
import struct
from collections.abc import Awaitable
from collections.abc import Callable

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Old versions of aiohttp support only strings as keys.
_key = getattr(web, 'RequestKey', lambda name, kind: name)
#: Request key: the reason why the personality fails the work.
FAIL_TASK = _key('fail-task', str)
#: Request key: the personality deletes the session.
EXPIRE_SESSION = _key('expire-session', bool)
#: Request key: how the work ends.
TASK = _key('task', dict)
#: Request key: nothing is done, but the response reports success.
IGNORE = _key('ignore', bool)
#: Request key: the URI to return instead of what was created.
STRANGER = _key('stranger', str)
#: Request key: a foreign device joins the same group.
INTRUDE = _key('intrude', str)
#: The value with which merge() removes a property.
REMOVE = {'@remove': True}


@dataclasses.dataclass
class Fault:
    """A rule: which requests are affected, how, and how often.

    :param path: prefix of the path, or a regular expression for its start.
    :param fault: a name in FAULTS.
    :param value: the parameter of the fault: seconds, a status code, a number
        of bytes, or properties for the response.
    :param method: the HTTP method; None for any.
    :param count: the number of requests to affect; None for no limit.
    :param probability: of affecting a matching request, 0 to 1.
    """

    path: str
    fault: str
    value: object = None
    method: str | None = None
    count: int | None = None
    probability: float = 1.0
    id: str = ''
    struck: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(
                f'fault: {self.fault!r} is none of {", ".join(FAULTS)}'
            )
        self._pattern = re.compile(self.path)

    def strikes(self, method: str, path: str) -> bool:
        """Return whether the fault affects this request; count it."""
        if self.count is not None and self.struck >= self.count:
            return False
        if self.method and self.method.upper() != method:
            return False
        if not (path.startswith(self.path) or self._pattern.match(path)):
            return False
        if random.random() >= self.probability:  # noqa: S311
            return False
        self.struck += 1
        return True

    def seconds(self, default: float) -> float:
        return default if self.value is None else float(self.value)


class Faults:
    """The active faults, oldest first."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._last_id = 0

    def add(self, **options: object) -> Fault:
        """Activate a fault.

        :raises TypeError, ValueError, re.error: if the options are invalid.
        """
        self._last_id += 1
        fault = Fault(**options, id=str(self._last_id))
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str | None = None) -> bool:
        """Remove a fault, or all; return False if it does not exist."""
        if fault_id is None:
            self._faults.clear()
            return True
        return self._faults.pop(fault_id, None) is not None

    def list(self) -> list[dict]:
        return [dataclasses.asdict(f) for f in self._faults.values()]

    async def serve(
        self, request: web.BaseRequest, handler: Handler
    ) -> web.StreamResponse:
        """Process a request through all faults that affect it."""
        if self._faults:
            for fault in reversed(self._faults.values()):
                if fault.strikes(request.method, request.path):
                    handler = _through(fault, handler)
        return await handler(request)


def _through(fault: Fault, handler: Handler) -> Handler:
    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        return await FAULTS[fault.fault](fault, request, handler)

    return serve


async def _delay(fault, request, handler):
    await asyncio.sleep(fault.seconds(1))
    return await handler(request)


async def _hang(fault, request, handler):
    """Wait for `value` seconds (an hour), then close the connection."""
    await asyncio.sleep(fault.seconds(3600))
    return _hang_up(request)


async def _status(fault, request, handler):
    code = int(fault.value or 500)
    return web.json_response(
        {
            'error': {
                'code': 'Base.1.0.GeneralError',
                'message': f'Fault to order: {code}',
            }
        },
        status=code,
        headers={'Retry-After': '1'} if code == 503 else None,
    )


async def _truncate(fault, request, handler):
    """Announce the whole body, but send only `value` bytes (half of it)."""
    answer = await handler(request)
    body = answer.body or b''
    cut = len(body) // 2 if fault.value is None else int(fault.value)
    stream = web.StreamResponse(status=answer.status)
    stream.content_type = 'application/json'
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(body[:cut])
    _hang_up(request)
    return stream


async def _html(fault, request, handler):
    code = int(fault.value or 200)
    return web.Response(
        status=code,
        text='<html><body><h1>It works!</h1></body></html>',
        content_type='text/html',
    )


async def _malformed(fault, request, handler):
    answer = await handler(request)
    answer.body = (answer.body or b'{')[:-1] + b',,'
    return answer


async def _drop(fault, request, handler):
    return _hang_up(request)


async def _refuse(fault, request, handler):
    """Reset the connection, like a closed port."""
    return _hang_up(request, reset=True)


async def _lost_answer(fault, request, handler):
    await handler(request)
    return _hang_up(request)


async def _wrong_etag(fault, request, handler):
    answer = await handler(request)
    answer.headers['ETag'] = str(fault.value or 'W/"wrong"')
    return answer


async def _expire_session(fault, request, handler):
    request[EXPIRE_SESSION] = True
    return await handler(request)


async def _fail_task(fault, request, handler):
    request[FAIL_TASK] = str(fault.value or 'Fault to order')
    return await handler(request)


async def _task(fault, request, handler):
    request[TASK] = dict(fault.value or {})
    return await handler(request)


async def _ignore(fault, request, handler):
    """Report success without doing anything."""
    request[IGNORE] = True
    return await handler(request)


async def _stranger(fault, request, handler):
    """Do the work, but return `value` as the URI of what was created."""
    request[STRANGER] = str(fault.value)
    return await handler(request)


async def _intrude(fault, request, handler):
    """Do the work, and let the eesv `value` join the same group."""
    request[INTRUDE] = str(fault.value or '')
    return await handler(request)


async def _answer(fault, request, handler):
    """Return `value` (status, headers, body) without doing the work."""
    value = fault.value or {}
    body = value.get('body')
    return web.Response(
        status=int(value.get('status', 200)),
        body=None if body is None else _content(body),
        headers={
            'Content-Type': 'application/json',
            **value.get('headers', {}),
        },
    )


def _content(body: object) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()


async def _endless(fault, request, handler):
    """Send a JSON string of `value` bytes (1 GB) in chunks, without an end."""
    left = int(fault.value or 10**9)
    stream = web.StreamResponse(headers={'Content-Type': 'application/json'})
    await stream.prepare(request)
    await stream.write(b'{"Name": "')
    chunk = b'x' * 65536
    while left > 0:
        await stream.write(chunk[:left])
        left -= len(chunk)
    return _hang_up(request)


async def _trickle(fault, request, handler):
    """Send the response with one byte every `value` seconds (0.1)."""
    answer = await handler(request)
    body = answer.body or b''
    stream = web.StreamResponse(status=answer.status)
    stream.content_type = 'application/json'
    stream.content_length = len(body)
    await stream.prepare(request)
    for byte in body:
        await stream.write(bytes((byte,)))
        await asyncio.sleep(fault.seconds(0.1))
    return stream


async def _redirect_loop(fault, request, handler):
    return web.Response(
        status=int(fault.value or 307), headers={'Location': request.path}
    )


async def _headers(fault, request, handler):
    """Set headers of the response to `value`; null removes a header."""
    answer = await handler(request)
    for name, value in fault.value.items():
        answer.headers.popall(name, None)
        if value is not None:
            answer.headers[name] = value
    return answer


async def _merge(fault, request, handler):
    """Merge `value` into the response; see merge()."""
    answer = await handler(request)
    document = json.loads(answer.body or b'{}')
    answer.body = json.dumps(merge(document, fault.value)).encode()
    return answer


async def _replace(fault, request, handler):
    """Send `value` as the JSON body."""
    answer = await handler(request)
    answer.body = json.dumps(fault.value).encode()
    return answer


def merge(document: object, patch: object) -> object:
    """Return a copy of a document with properties merged into it.

    Objects are merged; other values are set, also null, as faulty hardware
    does. A property with the value REMOVE is removed.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value == REMOVE:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def has_hung_up(request: web.BaseRequest) -> bool:
    """Return whether the connection of a request is closed."""
    return request.transport is None or request.transport.is_closing()


def _hang_up(request: web.BaseRequest, reset: bool = False) -> web.Response:
    """Close the connection; the returned response is discarded."""
    transport = request.transport
    if transport is not None:
        if reset:
            linger = struct.pack('ii', 1, 0)
            transport.get_extra_info('socket').setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
            transport.abort()
        else:
            transport.close()
    return web.Response()


#: The faults by name.
FAULTS: dict[str, Callable] = {
    'delay': _delay,
    'hang': _hang,
    'status': _status,
    'truncate': _truncate,
    'html': _html,
    'malformed': _malformed,
    'drop': _drop,
    'refuse': _refuse,
    'lost-answer': _lost_answer,
    'wrong-etag': _wrong_etag,
    'expire-session': _expire_session,
    'fail-task': _fail_task,
    'task': _task,
    'ignore': _ignore,
    'stranger': _stranger,
    'intrude': _intrude,
    'answer': _answer,
    'endless': _endless,
    'trickle': _trickle,
    'redirect-loop': _redirect_loop,
    'headers': _headers,
    'merge': _merge,
    'replace': _replace,
}
