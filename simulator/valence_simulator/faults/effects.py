# SPDX-License-Identifier: Apache-2.0
"""What faults do to the requests that they affect."""

from __future__ import annotations

import asyncio
import json
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
    """Delete the session, and return 401, or the status `value`."""
    request[EXPIRE_SESSION] = True
    answer = await handler(request)
    answer.set_status(int(fault.value or answer.status))
    return answer


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


async def _endless_pages(fault, request, handler):
    """Add a next page to each page of a collection.

    `value`: `same` for the same members on each, `new` for members that do
    not exist.
    """
    answer = await handler(request)
    document = json.loads(answer.body or b'{}')
    page = int(request.query.get('page', 0)) + 1
    if fault.value == 'new' and page > 1:
        member = f'{request.path}/page-{page}'
        document['Members'] = [{'@odata.id': member}]
    document['Members@odata.nextLink'] = f'{request.path}?page={page}'
    answer.body = json.dumps(document).encode()
    return answer


async def _huge(fault, request, handler):
    """Add `value` bytes (10 MB) to the response."""
    answer = await handler(request)
    padding = b'"Padding": "%s"' % (b'x' * int(fault.value or 10**7))
    answer.body = _with(answer.body or b'{}', padding)
    return answer


async def _deep(fault, request, handler):
    """Add objects nested `value` (100000) levels deep to the response."""
    answer = await handler(request)
    levels = int(fault.value or 100_000)
    nested = b'"Deep": ' + b'{"a":' * levels + b'0' + b'}' * levels
    answer.body = _with(answer.body or b'{}', nested)
    return answer


def _with(body: bytes, member: bytes) -> bytes:
    """Return the text of a JSON object with one more member."""
    rest = body.lstrip()[1:]
    comma = b'' if rest.lstrip().startswith(b'}') else b', '
    return b'{' + member + comma + rest


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
    'endless-pages': _endless_pages,
    'huge': _huge,
    'deep': _deep,
    'trickle': _trickle,
    'redirect-loop': _redirect_loop,
    'headers': _headers,
    'merge': _merge,
    'replace': _replace,
}
