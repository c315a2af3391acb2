# SPDX-License-Identifier: Apache-2.0
"""The message of an error response, in any form, for people.

JSON with one of the usual properties, text, or a page of HTML: all of it is
shown, without markup and control characters, up to a limit.
"""

import html
import http
import re

from valence.common.types import JsonObject
from valence.podmanagers.wire import decoding

# The properties with the text of an error, in lower case; the first that has
# one. Any other may repeat what was sent, such as a password.
_TEXTS = (
    *('message', 'detail', 'error_description', 'error_message'),
    *('errormessage', 'description', 'reason', 'title', 'error', 'errors'),
    *('messages', 'msg', 'text', 'faultstring', 'fault', 'result', 'data'),
)
_LONGEST = 1000
# How much of a page is read, and how deep errors may be in errors.
_LONGEST_PAGE = 8192
_DEPTH = 4
_HIDDEN = re.compile(r'<(script|style|title)\b.*?</\1\s*>', re.I | re.S)
_TAG = re.compile(r'<[!?/a-z][^<>]*>', re.I)


def clean(text: str) -> str:
    """A text in one line, without control characters, cut to a limit."""
    shown = ''.join(c if c.isprintable() else ' ' for c in text)
    words = ' '.join(shown.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + '…'


def phrase(status: int) -> str:
    """A status code in words, as far as it has some."""
    try:
        return f'{status} {http.HTTPStatus(status).phrase}'
    except ValueError:
        return f'status {status}'


def said(body: JsonObject, text: str = '') -> str:
    """The text of an error response; empty where it has none.

    :param body: its JSON object.
    :param text: its content where that is none.
    """
    if body:
        return clean(_text_of(body, _DEPTH))
    try:
        # It may be JSON all the same, but no object.
        return clean(_text_of(decoding.decode(text.encode()), _DEPTH))
    except ValueError:
        return plain(text)


def plain(text: str) -> str:
    """A text without markup."""
    page = text[:_LONGEST_PAGE]
    if '<' in page:
        page = html.unescape(_TAG.sub(' ', _HIDDEN.sub(' ', page)))
    return clean(page)


def _text_of(value: object, depth: int) -> str:
    """The text in a value of JSON."""
    if isinstance(value, str):
        return plain(value)
    if not depth:
        return ''
    if isinstance(value, list):
        texts = (_text_of(one, depth - 1) for one in value[:16])
        return ' '.join(dict.fromkeys(filter(None, texts)))
    if isinstance(value, dict):
        by_name = {str(name).casefold(): one for name, one in value.items()}
        for name in _TEXTS:
            found = _text_of(by_name.get(name), depth - 1)
            if found:
                return found
    return ''
