# SPDX-License-Identifier: Apache-2.0
"""Log lines with fields."""

import io
import json
import logging
import uuid
from unittest import mock

import fixtures as base_fixtures
from oslo_config import cfg
from oslo_log import formatters
from oslo_log import log

from valence.api import access_log
from valence.common import context
from valence.common import logs
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import crawler
from valence.tests import base
from valence.tests.fixtures import hostile

_SECRET = 'm0st-s3cret'


class LogCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(
            logging.setLogRecordFactory, logging.getLogRecordFactory()
        )
        logs.keep_lines()
        self.text, self.json = io.StringIO(), io.StringIO()
        self.logger = log.getLogger(f'valence.{self.id()}')
        plain = self.logger.logger
        plain.setLevel(logging.INFO)
        for stream, formatter in (
            (self.text, logging.Formatter('%(message)s')),
            (self.json, formatters.JSONFormatter()),
        ):
            handler = logging.StreamHandler(stream)
            handler.setFormatter(formatter)
            plain.addHandler(handler)
            self.addCleanup(plain.removeHandler, handler)

    def lines(self):
        return self.text.getvalue().splitlines()


class TestEvents(LogCase):
    def test_fields_in_text(self):
        logs.event(self.logger, 'thing', name='a b', seconds=1.5, none=None)
        self.assertEqual(['thing name="a b" seconds=1.500'], self.lines())

    def test_fields_in_json(self):
        logs.event(self.logger, 'thing', name='a b', seconds=1.5, none=None)
        self.assertEqual(
            {'name': 'a b', 'seconds': 1.5, 'none': None},
            json.loads(self.json.getvalue())['extra'],
        )

    def test_where_it_was_logged(self):
        logs.event(self.logger, 'thing')
        self.assertEqual(
            'test_logs.py', json.loads(self.json.getvalue())['filename']
        )

    def test_a_value_cannot_add_a_field_or_line(self):
        logs.event(self.logger, 'thing', path='/x status=200\nthing b=1')
        self.assertEqual(
            ['thing path="/x status=200\\nthing b=1"'], self.lines()
        )

    def test_a_value_is_bounded(self):
        logs.event(self.logger, 'thing', path='x' * 5000)
        self.assertEqual(len('thing path=') + 1024, len(self.lines()[0]))

    def test_a_message_is_one_line(self):
        self.logger.info('It said %s', 'a\r\nforged\x1b[2J\u2028line')
        self.assertEqual(
            ['It said a\\r\\nforged\\u001b[2J\\u2028line'], self.lines()
        )

    def test_text_of_any_script_is_readable(self):
        self.logger.info('Größe: 5 µs\tfür 量')
        self.assertEqual(['Größe: 5 µs\tfür 量'], self.lines())


class TestHostileText(base.TestCase):
    """Each hostile text in each part of a line, as oslo.log formats it."""

    def setUp(self):
        super().setUp()
        self.addCleanup(
            logging.setLogRecordFactory, logging.getLogRecordFactory()
        )
        logs.keep_lines()
        self.options = cfg.ConfigOpts()
        log.register_options(self.options)
        self.options([])
        self.logger = log.getLogger(self.id())

    def lines(self, formatter, write):
        """The lines that a function logs."""
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        self.logger.logger.addHandler(handler)
        try:
            write()
        finally:
            self.logger.logger.removeHandler(handler)
        return stream.getvalue().removesuffix('\n').split('\n')

    def raise_and_log(self, text):
        """Log an exception with its traceback."""
        try:
            raise RuntimeError(text)
        except RuntimeError:
            self.logger.exception('It failed')

    def writers(self, text):
        """What logs a text, and whether it takes more than one line."""
        yield lambda: self.logger.error('It said %s', text), False
        yield lambda: self.logger.error('%s', RuntimeError(text)), False
        yield (
            lambda: logs.event(self.logger, 'thing', logging.ERROR, name=text),
            False,
        )
        yield lambda: self.raise_and_log(text), True

    def test_text(self):
        formatter = formatters.ContextFormatter(config=self.options)
        for kind, text in hostile.TEXTS.items():
            for number, (write, many) in enumerate(self.writers(text)):
                lines = self.lines(formatter, write)
                if not many:
                    self.assertEqual(1, len(lines), (kind, number))
                for line in lines:
                    where = (kind, number, line[:200])
                    self.assertEqual([], hostile.invisible(line), where)
                    # Nobody else writes the beginning of a line.
                    self.assertRegex(
                        line,
                        r'^\d{4}(-\d\d){2} .* ERROR valence\.tests',
                        where,
                    )

    def test_json(self):
        formatter = formatters.JSONFormatter()
        for kind, text in hostile.TEXTS.items():
            for write, _ in self.writers(text):
                (line,) = self.lines(formatter, write)
                self.assertEqual([], hostile.invisible(line), kind)
                self.assertIn('message', json.loads(line))


class TestThreads(base.TestCase):
    def test_only_a_bound_context_is_that_of_the_thread(self):
        for create in (context.anonymous, context.admin):
            created = create()
            self.assertIsNone(context.current_request_id(), create)
        context.bind(created)
        self.assertEqual(created.global_id, context.current_request_id())
        context.forget()
        self.assertIsNone(context.current_request_id())

    def test_reads_in_parallel_are_for_the_request(self):
        seen = []

        class Client:
            throttle = mock.Mock(maximum=4)

            def read(self, uri, deadline):
                seen.append(context.current_request_id())
                return {'@odata.id': uri, 'Name': uri}

        given = f'req-{uuid.uuid4()}'
        with (
            context.working_for(given, None),
            crawler.Crawler(Client(), Deadline(60)) as reader,
        ):
            reader.get_many(['/a', '/b', '/c'])
            reader.get_many(['/d'])
        self.assertEqual([given] * 4, seen)
        self.assertIsNone(context.current_request_id())


class TestAccessLog(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(
            base_fixtures.FakeLogger('valence.api.access_log')
        )

    def requested(self, method, path, **kwargs):
        """The one line that a request adds, and the response."""
        answer = self.client.request(method, path, **kwargs)
        (line,) = self.log.output.splitlines()
        return line, answer

    def test_success(self):
        line, answer = self.requested('GET', '/v1/nodes?name=x')
        self.assertIn(
            'request method=GET path=/v1/nodes status=200 duration=', line
        )
        self.assertIn(f' size={len(answer.content)} ', line)
        own = answer.headers['X-Openstack-Request-Id']
        self.assertIn(f' request_id={own}', line)
        self.assertNotIn('name=x', line)

    def test_nothing_is_left_to_the_next_request(self):
        self.requested('GET', '/v1/nodes')
        self.assertIsNone(context.current_request_id())

    def test_error(self):
        line, _ = self.requested('GET', '/v1/nodes/nobody')
        self.assertIn('path=/v1/nodes/nobody status=404 ', line)

    def test_head(self):
        line, _ = self.requested('HEAD', '/v1/nodes')
        self.assertIn('method=HEAD path=/v1/nodes status=200 ', line)
        self.assertIn(' size=0 ', line)

    def test_secret_in_the_path(self):
        line, _ = self.requested(
            'POST', f'/v1/events/pod/{_SECRET}', content=b'{}'
        )
        self.assertIn('path=/v1/events/pod/*** status=', line)
        self.assertNotIn(_SECRET, line)

    def test_token(self):
        line, _ = self.requested(
            'GET', '/v1/nodes', headers={'X-Auth-Token': _SECRET}
        )
        self.assertNotIn(_SECRET, line)

    def test_path_with_a_line_in_it(self):
        line, _ = self.requested('GET', '/v1/nodes/x%0Arequest%20method=GET')
        self.assertIn(r'path="/v1/nodes/x\nrequest method=GET"', line)

    def test_long_path(self):
        line, _ = self.requested('GET', '/v1/nodes/' + 'x' * 5000)
        self.assertLess(len(line), 1000)

    def test_failure_that_nothing_converts(self):
        def fail(environ, start_response):
            raise SystemExit

        app = access_log.AccessLog(fail)
        environ = {'REQUEST_METHOD': 'GET', 'PATH_INFO': '/x'}
        self.assertRaises(SystemExit, app, environ, None)
        self.assertIn('path=/x status=500', self.log.output)
