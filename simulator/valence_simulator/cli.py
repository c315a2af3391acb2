# SPDX-License-Identifier: Apache-2.0
"""The valence-simulator command."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import sys

from valence_simulator import options as command_line
from valence_simulator import personalities
from valence_simulator import server
from valence_simulator import tls


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    options.seed = options.seed or secrets.token_hex(8)
    ssl_context = None
    if options.tls or options.tls_cert:
        ssl_context = tls.context(
            options.host, options.tls_cert, options.tls_key
        )
    simulator = server.Server(
        personalities.load(options), options.latency_ms / 1000, ssl_context
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    await simulator.start(options.host, options.port)
    print(
        f'valence-simulator: {options.personality} listening on '
        f'{simulator.url}',
        flush=True,
    )
    await stopped.wait()
    await simulator.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = command_line.parser().parse_args(arguments)
    try:
        asyncio.run(run(options))
    except OSError as error:
        print(f'valence-simulator: {error}', file=sys.stderr)
        return 1
    return 0
