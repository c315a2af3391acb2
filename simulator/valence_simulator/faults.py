# SPDX-License-Identifier: Apache-2.0
"""Faults to order: which requests they hit, and what they do to them.

A fault either acts before the request is served (``delay``, ``status``,
``hang`` ...), spoils the answer after the work was done (``truncate``,
``lost-answer`` ...) or rides on the request for the personality to see
(``fail-task``).
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

# Older versions of aiohttp know plain strings only.
_key = getattr(web, 'RequestKey', lambda name, kind: name)
#: Key on the request that tells a personality why its work shall fail.
FAIL_TASK = _key('fail-task', str)
#: Key on the request that tells a personality to forget its session.
EXPIRE_SESSION = _key('expire-session', bool)
#: Key on the request that tells a personality how its work shall end.
TASK = _key('task', dict)
#: Key on the request that has nothing done, and the answer say otherwise.
IGNORE = _key('ignore', bool)
#: Key on the request that tells a personality what else to name as made.
STRANGER = _key('stranger', str)
#: Key on the request that has a foreign device join the group joined.
INTRUDE = _key('intrude', str)
#: What merge() takes a property away for.
REMOVE = {'@remove': True}


@dataclasses.dataclass
class Fault:
    """One rule: what happens to which requests, and how often.

    :param path: prefix of the path, or a regular expression for its start.
    :param fault: a name out of FAULTS.
    :param value: what the fault wants besides: seconds, a status code, a
        number of bytes, properties to put into the answer.
    :param method: only requests of that method; any if None.
    :param count: how many times it strikes; for ever if None.
    :param probability: of striking a request that matches, 0 to 1.
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
        """Whether it hits this request; counts the hit."""
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
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._last_id = 0

    def add(self, **options: object) -> Fault:
        """Put a fault in force.

        :raises TypeError, ValueError, re.error: the options are no fault.
        """
        self._last_id += 1
        fault = Fault(**options, id=str(self._last_id))
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str | None = None) -> bool:
        """Lift one fault, or all; False if there is no such fault."""
        if fault_id is None:
            self._faults.clear()
            return True
        return self._faults.pop(fault_id, None) is not None

    def list(self) -> list[dict]:
        return [dataclasses.asdict(f) for f in self._faults.values()]

    async def serve(
        self, request: web.BaseRequest, handler: Handler
    ) -> web.StreamResponse:
        """Serve a request through every fault that strikes it."""
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
    """Say nothing for `value` seconds (an hour), then hang up."""
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
    """Promise the whole body and send `value` bytes (half of it)."""
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
    """Reset the connection, as a closed port would."""
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
    """The answer is as if the work were done, and nothing is."""
    request[IGNORE] = True
    return await handler(request)


async def _stranger(fault, request, handler):
    """The work is done, and the answer names `value` as what was made."""
    request[STRANGER] = str(fault.value)
    return await handler(request)


async def _intrude(fault, request, handler):
    """The work is done, and the eesv `value` joins the same group."""
    request[INTRUDE] = str(fault.value or '')
    return await handler(request)


async def _answer(fault, request, handler):
    """Answer `value` (status, headers, body) without doing the work."""
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
    """A JSON string of `value` bytes (1 GB), in chunks, never closed."""
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
    """The right body, a byte every `value` seconds (0.1)."""
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
    """The right answer with headers set by `value`; null takes one away."""
    answer = await handler(request)
    for name, value in fault.value.items():
        answer.headers.popall(name, None)
        if value is not None:
            answer.headers[name] = value
    return answer


async def _merge(fault, request, handler):
    """The right answer with `value` merged in; see merge()."""
    answer = await handler(request)
    document = json.loads(answer.body or b'{}')
    answer.body = json.dumps(merge(document, fault.value)).encode()
    return answer


async def _replace(fault, request, handler):
    """`value` as the whole JSON body."""
    answer = await handler(request)
    answer.body = json.dumps(fault.value).encode()
    return answer


def merge(document: object, patch: object) -> object:
    """A document with properties merged in; the document is not touched.

    Objects are merged, anything else is set, null too (as bad hardware
    does); a property whose value is REMOVE goes.
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
    """Whether the connection of a request is closed."""
    return request.transport is None or request.transport.is_closing()


def _hang_up(request: web.BaseRequest, reset: bool = False) -> web.Response:
    """Close the connection; the response returned goes nowhere."""
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


#: What can be ordered, by name.
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
