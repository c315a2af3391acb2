#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the checks and every test, and close with the plain count.

usage: test.py [--no-lint] [REGEX]

The last line counts what the runners themselves report; the exit status is
not 0 if a check or a test failed, or if a suite ran no test.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import socket
import subprocess
import sys
import urllib.parse
from typing import NamedTuple

import subunit
import testtools

import lint

TOP = lint.TOP
STESTR = str(lint.BIN / 'stestr')

# The tests themselves skip what needs a server that does not answer; the
# logins are those of servers fresh from their packages.
SERVERS = {
    'VALENCE_TEST_MYSQL': ('mysql+pymysql://root@127.0.0.1/', 3306),
    'VALENCE_TEST_POSTGRESQL': (
        'postgresql+psycopg2://postgres@127.0.0.1/postgres',
        5432,
    ),
    'VALENCE_TEST_RABBIT': ('rabbit://guest:guest@127.0.0.1:5672/', 5672),
}


def suites() -> list[pathlib.Path]:
    """The directories that stestr is run in: one a package."""
    return [
        TOP / name
        for name in ('', *lint.PACKAGES[1:])
        if (TOP / name / '.stestr.conf').exists()
    ]


def tell_servers() -> None:
    """Say which servers the tests will find."""
    for name, (default, port) in SERVERS.items():
        url = os.environ.setdefault(name, default)
        parts = urllib.parse.urlsplit(url)
        address = (parts.hostname or '127.0.0.1', parts.port or port)
        try:
            socket.create_connection(address, timeout=3).close()
            answer = 'answers'
        except OSError:
            answer = 'does not answer: what needs it is skipped'
        print(f'{name}: {address[0]}:{address[1]} {answer}')


def streams(suite: pathlib.Path) -> int:
    """How many runs stestr has written down for a suite."""
    try:
        return int((suite / '.stestr' / 'next-stream').read_text())
    except FileNotFoundError:
        return 0


def outcomes(suite: pathlib.Path) -> dict[str, str]:
    """How each test of a suite's last run ended, by the test's name."""
    result = {}

    def ended(test: testtools.StreamToDict) -> None:
        result[test['id']] = test['status']

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
    """How the run of a suite ended.

    :param ends: how each of its tests ended.
    :param said: what it said while others were under way, too.
    """

    well: bool
    ends: dict[str, str]
    said: str


def run(suite: pathlib.Path, arguments: list[str], workers: int) -> Run:
    """Run one suite."""
    before = streams(suite)
    done = subprocess.run(
        [
            *(STESTR, 'run', '--suppress-attachments'),
            *('--concurrency', str(workers), *arguments),
        ],
        cwd=suite,
        stdin=subprocess.DEVNULL,
        stdout=None if suite == TOP else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = done.stdout or ''
    if streams(suite) == before:
        return Run(False, {}, f'{said}\nThese tests could not be run')
    return Run(done.returncode == 0, outcomes(suite), said)


def run_all(arguments: list[str]) -> list[Run]:
    """Run every suite: first the large one, then the others together.

    Tests wait a lot: a worker more than there are processors has them busy.
    """
    workers = (os.cpu_count() or 1) + 1
    first, *others = suites()
    print('\nTests of valence', flush=True)
    done = [run(first, arguments, workers)]
    print(done[0].said)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        beside = pool.map(lambda one: run(one, arguments, workers - 1), others)
        for suite, ended in zip(others, beside, strict=True):
            print(f'\nTests of {suite.name}\n{ended.said}', flush=True)
            done.append(ended)
    return done


def main() -> int:
    """Run it all; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--no-lint', action='store_true')
    parser.add_argument('regex', nargs='*', help='default: every test')
    options = parser.parse_args()
    well = options.no_lint or lint.main([]) == 0
    tell_servers()
    done = run_all(options.regex)
    # Where tests are chosen, a suite may have none of them.
    well &= all(ended.well for ended in done) or bool(options.regex)
    ends = collections.ChainMap(*(ended.ends for ended in done))
    total = collections.Counter(ends.values())
    passed = total['success'] + total['xfail']
    skipped = total['skip']
    failed = sum(total.values()) - passed - skipped
    print()
    for name, end in ends.items():
        if end not in ('success', 'xfail', 'skip'):
            print(f'Not passed: {name} ({end})')
    if not well and not failed:
        print('No test failed, yet something else did: see above')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 0 if well and passed and not failed else 1


if __name__ == '__main__':
    sys.exit(main())
