# SPDX-License-Identifier: Apache-2.0
"""The contract: events."""

import contextlib
import http.server
import json
import queue
import threading
import time

from valence.podmanagers import base as podmanagers
from valence.tests.contract import case


class Events(case.Case):
    """Events report changes, over a stream or by deliveries."""

    def test_listen(self):
        self.need('event_stream', 'compose', 'release')
        stream = self.driver.listen(self.soon())
        self.addCleanup(stream.close)
        received = queue.Queue()
        reader = threading.Thread(
            target=lambda: [received.put(change) for change in stream],
            daemon=True,
        )
        reader.start()
        node = self.bring(self.request())
        self.hear(received, node)
        self.release(node.uri)
        stream.close()
        reader.join(case.SECONDS)
        self.assertFalse(reader.is_alive(), 'the stream has no end')

    def hear(self, received, node):
        """Wait for a change of a node, or of its resources."""
        end = time.monotonic() + case.SECONDS
        while True:
            change = received.get(timeout=max(0.01, end - time.monotonic()))
            self.assertIsInstance(change, podmanagers.Change)
            if not change.uris or {node.uri, *node.resources}.intersection(
                change.uris
            ):
                return

    def test_subscribe(self):
        self.need('event_subscription', 'compose', 'release')
        received = queue.Queue()
        parse = self.driver_class.parse_event
        with receiver(lambda body: received.put(parse(body))) as url:
            subscription = self.driver.subscribe(url, self.soon())
            # Another conductor replaces it, so that there is only one.
            subscription = self.new_driver().subscribe(url, self.soon())

            def delivers():
                return self.new_driver().check_subscription(
                    subscription, url, self.soon()
                )

            self.assertTrue(delivers())
            node = self.bring(self.request())
            self.hear(received, node)
            self.driver.unsubscribe(subscription, self.soon())
            self.driver.unsubscribe(subscription, self.soon())
            self.assertFalse(delivers())

    def test_changes_of_nonsense(self):
        for body in ({}, {'Events': None}, {'Events': [1]}, {'a': []}):
            self.assertIsInstance(
                self.driver_class.parse_event(body), podmanagers.Change
            )


@contextlib.contextmanager
def receiver(deliver):
    """A server that receives events."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get('Content-Length') or 0)
            deliver(json.loads(self.rfile.read(length) or b'{}'))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            """The tests report enough."""

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://127.0.0.1:{server.server_address[1]}/events/secret'
    finally:
        server.shutdown()
        server.server_close()
