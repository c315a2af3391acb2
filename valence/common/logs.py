# SPDX-License-Identifier: Apache-2.0
"""Log lines with fields, which are the same in text and in JSON.

In text, the fields follow the name of the event as ``key=value``. With
[DEFAULT] use_json they are also an object under ``extra``.
"""

import functools
import json
import logging
import re
from collections.abc import Callable

from oslo_log import log

from valence.common import metrics

_MAX_LENGTH = 1024
# What needs no quotes.
_PLAIN = re.compile(r'[\w.:/@+*%-]+', re.ASCII)
# What could end a line, control a terminal, or hide or reorder text.
_CONTROL = re.compile(
    '[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f'
    '\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]'
)


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


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], text)


class _Record(logging.LogRecord):
    """A record whose message is one line, whatever others put into it.

    Formatters keep what they add of an exception in attributes.
    """

    def getMessage(self) -> str:
        return _escaped(super().getMessage())

    @property
    def error_summary(self) -> str:
        """The exception, which oslo.log adds to the line of the message."""
        return str(self.__dict__.get('error_summary', ''))

    @error_summary.setter
    def error_summary(self, text: str) -> None:
        self.__dict__['error_summary'] = _escaped(text)

    @property
    def exc_text(self) -> str | None:
        """The lines of the traceback. oslo.log begins each like a message."""
        text: str | None = self.__dict__.get('exc_text')
        return text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        lines = text and '\n'.join(map(_escaped, text.split('\n')))
        self.__dict__['exc_text'] = lines


def keep_lines() -> None:
    """Escape control characters in all messages of this process.

    Parts of a message may come from clients and pod managers, which must not
    be able to add lines to the log.
    """
    logging.setLogRecordFactory(_Record)


def count_failures() -> None:
    """Count what the handlers of this process cannot write.

    None of them raises an exception in the code that logs any more, as one
    does that has to open another file while its disk is full.
    """
    for handler in logging.getLogger().handlers:
        report = functools.partial(_count, handler.handleError)
        handler.handleError = report  # type: ignore[method-assign]
        emit = functools.partial(_emit, handler.emit, report)
        handler.emit = emit  # type: ignore[method-assign]


def _emit(
    emit: Callable[[logging.LogRecord], None],
    report: Callable[[logging.LogRecord], None],
    record: logging.LogRecord,
) -> None:
    try:
        emit(record)
    except Exception:
        report(record)


def _count(
    report: Callable[[logging.LogRecord], None], record: logging.LogRecord
) -> None:
    metrics.LOG_FAILURES.inc()
    report(record)
