# SPDX-License-Identifier: Apache-2.0
"""Run a demo: its steps in order, and the cleanup whatever happens."""

import os
import pathlib
import shutil
import signal
import sys
import tempfile
from typing import Any
from typing import NoReturn

import requests

from tools import demo
from tools.demo import console
from tools.demo import mixed
from tools.demo import processes
from tools.demo import story
from tools.demo.processes import StepFailed

STORIES = {'': story.TWO_PODS, 'mixed': mixed.THREE_KINDS}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_processes() -> None:
    """Stop every process, and check their exit statuses."""
    statuses = processes.stop_all()
    console.show(
        {'process': name, 'exit status': status}
        for name, status in statuses.items()
    )
    if any(statuses.values()):
        raise StepFailed('not every process ended with status 0')


def print_logs(directory: pathlib.Path) -> None:
    """Print the last lines that each process logged."""
    for log in sorted(directory.glob('*.log')):
        print(f'--- {log.name}', file=sys.stderr)
        lines = log.read_text(errors='replace').splitlines()
        print('\n'.join(lines[-15:]), file=sys.stderr)


def interrupt(signum: int, frame: Any) -> NoReturn:
    """Turn a signal into an exception, so that everything is cleaned up."""
    raise KeyboardInterrupt


def run(chosen: story.Story, directory: pathlib.Path) -> int:
    """Run all steps of a story; return the exit status."""
    deployment = chosen.deploy(directory)
    leave = os.environ.get('DEMO_EXIT', '') not in ('', '0')
    try:
        for number, (title, step) in enumerate(chosen.steps, 1):
            console.heading(f'{number}. {title}')
            step(deployment)
        if leave:
            console.heading(f'{len(chosen.steps) + 1}. Stop everything')
            stop_processes()
            print('Every step succeeded.')
        else:
            chosen.stay(deployment)
    except (
        StepFailed,
        requests.RequestException,
        KeyError,
        ValueError,
    ) as exc:
        message = console.paint(console.RED, f'FAILED: {exc or type(exc)}')
        print(message, file=sys.stderr)
        print_logs(directory)
        return 1
    except KeyboardInterrupt:
        print('\nStopping everything.')
        return 1 if leave else 0
    return 0


def main(arguments: list[str]) -> int:
    """Run a demo in a temporary directory; return the exit status."""
    chosen = STORIES.get(' '.join(arguments))
    if chosen is None:
        print(demo.__doc__, file=sys.stderr)
        return 2
    for signum in SIGNALS:
        signal.signal(signum, interrupt)
    directory = pathlib.Path(tempfile.mkdtemp(prefix='valence-demo-'))
    try:
        return run(chosen, directory)
    finally:
        for signum in SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        processes.stop_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
