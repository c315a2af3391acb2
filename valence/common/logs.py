# SPDX-License-Identifier: Apache-2.0
"""Log lines with fields, which are the same in text and in JSON.

In text, the fields follow the name of the event as ``key=value``. With
[DEFAULT] use_json they are also an object under ``extra``.
"""

import json
import logging
import re

from oslo_log import log

_MAX_LENGTH = 1024
# What needs no quotes.
_PLAIN = re.compile(r'[\w.:/@+*%-]+', re.ASCII)
# What could end a line, or control a terminal.
_CONTROL = re.compile('[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]')


def event(
    logger: log.BaseLoggerAdapter,
    name: str,
    level: int = logging.INFO,
    /,
    **fields: object,
) -> None:
    """Log that something happened.

    :param fields: None is left out of the text. A string is cut after 1024
        characters.
    """
    if not logger.isEnabledFor(level):
        return
    bounded = {
        key: value[:_MAX_LENGTH] if isinstance(value, str) else value
        for key, value in fields.items()
    }
    text = ' '.join(
        f'{key}={_shown(value)}'
        for key, value in bounded.items()
        if value is not None
    )
    # Not the adapter: it takes some names of fields for its own parameters.
    logger.logger.log(
        level, '%s %s', name, text, extra={'extra': bounded}, stacklevel=2
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f'{value:.3f}'
    if isinstance(value, list):
        value = ','.join(map(str, value))
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


class _Record(logging.LogRecord):
    """A record whose message is one line, whatever others put into it."""

    def getMessage(self) -> str:
        message = super().getMessage()
        if message.isprintable():
            return message
        return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], message)


def keep_lines() -> None:
    """Escape control characters in all messages of this process.

    Parts of a message may come from clients and pod managers, which must not
    be able to add lines to the log.
    """
    logging.setLogRecordFactory(_Record)
