# SPDX-License-Identifier: Apache-2.0
"""Time of a request while other clients send nothing, or slowly.

The process ``valence`` serves ``GET /v1/nodes`` before and while 500
connections send nothing and 100 send a byte of a request now and then.

    python -m benchmarks.slow_clients
"""

import contextlib
import http.client
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SILENT = 500
SLOW = 100
REQUESTS = 100
_START = b'POST /v1/nodes HTTP/1.1\r\nHost: localhost\r\nX-Long: '


@contextlib.contextmanager
def api(port: int):
    """Run ``valence`` on a port, in a directory of its own.

    :yields: the process.
    """
    with tempfile.TemporaryDirectory() as place:
        config = pathlib.Path(place) / 'valence.conf'
        config.write_text(
            f'[DEFAULT]\nstate_path = {place}\n[api]\nport = {port}\n'
        )
        command = pathlib.Path(sys.executable).with_name('valence')
        process = subprocess.Popen(
            [command, '--config-file', config], stderr=subprocess.DEVNULL
        )
        try:
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f'http://127.0.0.1:{port}/v1')
                    break
                time.sleep(0.2)
            yield process
        finally:
            process.terminate()
            process.wait()


def measure(port: int) -> tuple[float, float]:
    """The median and the largest time of a request in milliseconds."""
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
        connection.request('GET', '/v1/nodes')
        connection.getresponse().read()
        connection.close()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times), max(times)


def send_slowly(clients: list[socket.socket], ended: threading.Event) -> None:
    """Send a byte of a header on each connection, five times a second."""
    for client in clients:
        client.sendall(_START)
    while not ended.wait(0.2):
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(b'x')


def main() -> None:
    """Measure, and print the ratio."""
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    with api(port), contextlib.ExitStack() as stack:
        measure(port)
        alone, worst_alone = measure(port)
        clients = [
            stack.enter_context(socket.create_connection(('127.0.0.1', port)))
            for _ in range(SILENT + SLOW)
        ]
        ended = threading.Event()
        sender = threading.Thread(
            target=send_slowly, args=(clients[SILENT:], ended)
        )
        sender.start()
        time.sleep(1)
        beside, worst_beside = measure(port)
        ended.set()
        sender.join()
    print(f'alone: median {alone:.1f} ms, at most {worst_alone:.1f} ms')
    print(
        f'beside {SILENT} silent and {SLOW} slow clients: median '
        f'{beside:.1f} ms, at most {worst_beside:.1f} ms: '
        f'{beside / alone:.2f} times'
    )


if __name__ == '__main__':
    main()
