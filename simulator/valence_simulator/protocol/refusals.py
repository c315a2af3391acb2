# SPDX-License-Identifier: Apache-2.0
"""Forms of error responses (``--errors``)."""

from __future__ import annotations

import html
import json

from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol.errors import RedfishError

#: The text in place of a message.
SEE = 'See @Message.ExtendedInfo for more information.'


def refusal(form: str, problem: RedfishError) -> web.Response:
    """Return the response for an error."""
    if form == 'redfish':
        return answers.error(problem)
    headers = {**answers.COMMON, **problem.headers}
    body: dict | None = None
    if form == 'args':
        body = _args(problem)
    elif form == 'code':
        body = {'error': {'code': problem.message_id}}
    elif form == 'text-json':
        body = problem.body()
    return plain(form, problem.status, problem.message, headers, body)


def plain(
    form: str,
    status: int,
    message: str,
    headers: dict[str, str] | None = None,
    body: dict | None = None,
) -> web.Response:
    """Return a message in a nonstandard form.

    :param body: the JSON body of the forms that have one.
    """
    if form == 'empty':
        return web.Response(status=status, headers=headers)
    kind, text = 'application/json', json.dumps(body or {'message': message})
    if form == 'text-json':
        kind = 'text/plain'
    elif form == 'text':
        kind, text = 'text/plain', message
    elif form == 'html':
        kind = 'text/html'
        text = (
            f'<html><head><title>{status}</title></head>'
            f'<body><h1>Error {status}</h1><p>{html.escape(message)}</p>'
            '</body></html>'
        )
    return web.Response(
        status=status, text=text, headers=headers, content_type=kind
    )


def _args(problem: RedfishError) -> dict:
    """Only a MessageId and its arguments, like iLO."""
    registry = problem.message_id.split('.', 1)[0]
    return {
        'error': {
            'code': f'{registry}.0.10.ExtendedInfo',
            'message': SEE,
            '@Message.ExtendedInfo': [
                {
                    'MessageId': problem.message_id,
                    'MessageArgs': problem.message_args or [problem.message],
                }
            ],
        }
    }
