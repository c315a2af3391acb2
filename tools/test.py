#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the checks and all tests, and print the counts.

usage: test.py [--no-lint] [REGEX]

The last line contains the counts that the test runners report. The exit status
is nonzero if a check or a test fails, or if a suite runs no test.
"""

import argparse
import collections
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
from typing import Any
from typing import NamedTuple

import subunit
import testtools

import lint

TOP = lint.TOP
# A frame in a traceback, with its line of code.
FRAME = r'^  File .*\n(?:    .*\n)*'
# How many characters of an exception are printed at the end, where all that
# failed has to be seen at once; the output of the test has the whole.
MAX_REASON = 400
STESTR = str(lint.BIN / 'stestr')
# A test, and a suite, that takes more than so many seconds fails. What runs
# only in full may take longer.
MAX_SECONDS, MAX_SUITE_SECONDS = 900, 3600
FULL = os.environ.get('VALENCE_TEST_CRASH') == 'full'

# Tests that need a server are skipped if it does not respond. The URLs have
# the default logins of the packages.
SERVERS = {
    'VALENCE_TEST_MYSQL': (
        'mysql+pymysql://root@127.0.0.1/?ssl_disabled=true',
        3306,
    ),
    'VALENCE_TEST_POSTGRESQL': (
        'postgresql+psycopg2://postgres@127.0.0.1/postgres',
        5432,
    ),
    'VALENCE_TEST_RABBIT': ('rabbit://guest:guest@127.0.0.1:5672/', 5672),
}


def suites() -> list[pathlib.Path]:
    """Return the directories in which stestr runs: one per package."""
    return [
        TOP / name
        for name in ('', *lint.PACKAGES[1:])
        if (TOP / name / '.stestr.conf').exists()
    ]


def print_servers() -> None:
    """Print which servers are available to the tests."""
    for name, (default, port) in SERVERS.items():
        url = os.environ.setdefault(name, default)
        parts = urllib.parse.urlsplit(url)
        address = (parts.hostname or '127.0.0.1', parts.port or port)
        try:
            socket.create_connection(address, timeout=3).close()
            state = 'available'
        except OSError:
            state = 'not available: tests that need it are skipped'
        print(f'{name}: {address[0]}:{address[1]} {state}')


def count_runs(suite: pathlib.Path) -> int:
    """Return the number of runs that stestr has recorded for a suite."""
    try:
        return int((suite / '.stestr' / 'next-stream').read_text())
    except FileNotFoundError:
        return 0


class Outcome(NamedTuple):
    """How a test ended.

    :param reason: the exception, if it raised one.
    """

    status: str
    reason: str


def reason(details: dict[str, testtools.content.Content]) -> str:
    """Return the exceptions in the tracebacks of a test, without frames."""
    found = []
    for name, content in details.items():
        if name.startswith('traceback'):
            *_, text = re.split(FRAME, content.as_text(), flags=re.M)
            found.append(text.strip())
    return '\n'.join(found)[:MAX_REASON]


def outcomes(suite: pathlib.Path) -> dict[str, Outcome]:
    """Return how each test of the last run of a suite ended, by name."""
    result = {}

    def ended(test: dict[str, Any]) -> None:
        result[test['id']] = Outcome(test['status'], reason(test['details']))

    stream = subprocess.Popen(
        [STESTR, 'last', '--subunit'], cwd=suite, stdout=subprocess.PIPE
    )
    summary = testtools.StreamToDict(ended)
    summary.startTestRun()
    subunit.ByteStreamToStreamResult(
        stream.stdout, non_subunit_name='stdout'
    ).run(summary)
    summary.stopTestRun()
    stream.wait()
    return result


class Run(NamedTuple):
    """The result of a run of a suite.

    :param outcomes: of each test by name.
    """

    passed: bool
    outcomes: dict[str, Outcome]


def run(suite: pathlib.Path, arguments: list[str], workers: int) -> Run:
    """Run one suite."""
    before = count_runs(suite)
    process = subprocess.Popen(
        [
            *(STESTR, 'run', '--suppress-attachments'),
            *('--concurrency', str(workers), *arguments),
        ],
        cwd=suite,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(None if FULL else MAX_SUITE_SECONDS)
    except BaseException as exc:
        os.killpg(process.pid, signal.SIGKILL)
        if not isinstance(exc, subprocess.TimeoutExpired):
            raise
        print(f'The tests did not end within {MAX_SUITE_SECONDS} s')
    if count_runs(suite) == before:
        print('The tests could not be run')
        return Run(False, {})
    return Run(process.returncode == 0, outcomes(suite))


def run_all(arguments: list[str]) -> list[Run]:
    """Run one suite after the other.

    Tests mostly wait, so there are twice as many workers as processors.
    """
    workers = 2 * (os.cpu_count() or 1)
    if not FULL:
        # oslotest reads it.
        os.environ.setdefault('OS_TEST_TIMEOUT', str(MAX_SECONDS))
    results = []
    for suite in suites():
        name = 'valence' if suite == TOP else suite.name
        print(f'\nTests of {name}', flush=True)
        results.append(run(suite, arguments, workers))
    return results


def main() -> int:
    """Run everything; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--no-lint', action='store_true')
    parser.add_argument('regex', nargs='*', help='default: all tests')
    options = parser.parse_args()
    ok = options.no_lint or lint.main([]) == 0
    print_servers()
    results = run_all(options.regex)
    # A regular expression may select no test of a suite.
    ok &= all(result.passed for result in results) or bool(options.regex)
    by_name = collections.ChainMap(*(result.outcomes for result in results))
    total = collections.Counter(one.status for one in by_name.values())
    passed = total['success'] + total['xfail']
    skipped = total['skip']
    failed = sum(total.values()) - passed - skipped
    print()
    for name, (status, why) in by_name.items():
        if status not in ('success', 'xfail', 'skip'):
            print(f'Not passed: {name} ({status})\n{why}')
    if not ok and not failed:
        print('All tests passed, but a check or a suite failed: see above')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 0 if ok and passed and not failed else 1


if __name__ == '__main__':
    sys.exit(main())
