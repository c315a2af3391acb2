# SPDX-License-Identifier: Apache-2.0
"""Server-sent events in any framing and chunking."""

import json

from oslo_config import cfg

from valence import conf  # noqa: F401 - registers the options
from valence.podmanagers.redfish.sse import EventStream
from valence.tests import base

_EVENTS = [{'Events': [{'OriginOfCondition': '/a'}]}, {'Id': 'ü'}]


class Response:
    """A response of ``requests`` that is an open stream."""

    raw = None

    def __init__(self, content, size):
        self._pieces = [
            content[n : n + size] for n in range(0, len(content), size)
        ]
        self.closed = False

    def iter_content(self, size):
        return iter(self._pieces)

    def close(self):
        self.closed = True


class TestEventStream(base.TestCase):
    def read(self, content, size):
        response = Response(content, size)
        events = list(EventStream(response, None))
        self.assertTrue(response.closed)
        return events

    def assertRead(self, events, text):
        for size in (1, 2, 3, 7, 10000):
            for end in ('\n', '\r\n', '\r'):
                content = text.replace('\n', end).encode()
                self.assertEqual(events, self.read(content, size), (size, end))

    def test_plain(self):
        self.assertRead(
            _EVENTS,
            'data: {"Events": [{"OriginOfCondition": "/a"}]}\n\n'
            'data: {"Id": "ü"}\n\n',
        )

    def test_not_an_event(self):
        self.assertRead(
            [_EVENTS[1]],
            'event: heartbeat\ndata:\n\ndata: \n\nevent: x\n\n'
            'event: Heartbeat\ndata: {"Id": 1}\n\n'
            'event: MetricReport\ndata: {"Id": 2}\n\n'
            'event: Event\ndata: {"Id": "ü"}\n\n',
        )

    def test_unknown_event_may_be_about_anything(self):
        self.assertRead([{}, {}], 'data: nonsense\n\ndata: []\n\n')

    def test_several_lines_and_all_else(self):
        self.assertRead(
            _EVENTS,
            '\ufeff: hello\nid: 1\nretry: 500\nevent: x\n'
            'data: {\ndata:"Events": [\n'
            'data: {"OriginOfCondition": "/a"}\ndata: ]}\n\n'
            ': alive\n\n\n'
            'data:{"Id": "ü"}\nid: 2\n\n',
        )

    def test_invalid_event_may_be_about_anything(self):
        self.assertRead([{}, {}], 'data: {nonsense\n\ndata: [1]\n\n')

    def test_time_is_linear(self):
        """Were it quadratic, this would take minutes."""
        event = json.dumps([0] * 60000).encode()
        for content in (event.replace(b' ', b'\ndata:'), event):
            self.assertEqual([{}], self.read(b'data:%b\n\n' % content, 1))

    def test_no_end(self):
        cfg.CONF.set_override('max_answer_bytes', 1024, 'redfish')
        self.addCleanup(cfg.CONF.clear_override, 'max_answer_bytes', 'redfish')
        for text in ('data: ' + 'x' * 2000, 'data: x\n' * 2000):
            self.assertEqual([], self.read(text.encode(), 100))
