#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the unit tests on mutants of some modules.

usage: mutants.py [--again] [MODULE ...]    for example: mutants.py fitting

A mutant is the code with one small change, made by mutmut. It is killed if a
test fails. ``[tool.mutmut]`` in pyproject.toml lists the modules. A mutant
that survives must be listed with a reason in tools/mutants.toml. The exit
status is nonzero if too many survive in a module, if a survivor is not
listed, or if a listed one was killed.
"""

import argparse
import collections
import fnmatch
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

import lint

TOP = lint.TOP
MUTMUT = str(lint.BIN / 'mutmut')
PLACE = TOP / 'mutants'
LISTED = TOP / 'tools' / 'mutants.toml'
# The percentage of mutants that must be killed in each module.
ENOUGH = 85
# The exit codes of survivors: the tests passed, or no test ran.
_SURVIVED = (0, 5, 33)
# Those of timeouts. On a busy machine, survivors may time out as well.
_TIMED_OUT = (24, -24, 36, 152, 255)


class Survivor(NamedTuple):
    """A mutant that no test kills.

    :param module: the path of the module.
    :param change: the removed and the added lines, as in a diff.
    """

    module: str
    function: str
    change: str

    def __str__(self) -> str:
        return (
            f'[[survivor]]\nmodule = {self.module!r}\n'
            f"function = {self.function!r}\nchange = '''\n{self.change}'''\n"
            f"reason = ''\n"
        )


def run(names: list[str]) -> bool:
    """Make the mutants and run the tests on them; whether that was possible.

    :param names: patterns of the names of mutants; empty: all.
    """
    shutil.rmtree(PLACE, ignore_errors=True)
    done = subprocess.run([MUTMUT, 'run', *names], cwd=TOP)
    return done.returncode == 0


def results() -> dict[str, dict[str, int | None]]:
    """The exit code of the tests on each mutant, by module and name."""
    found = {}
    for path in sorted(PLACE.rglob('*.meta')):
        ends = json.loads(path.read_text())['exit_code_by_key']
        if ends:
            module = path.relative_to(PLACE).with_suffix('')
            found[str(module)] = ends
    return found


def survivor(module: str, name: str) -> Survivor:
    """Describe a mutant by its change."""
    shown = subprocess.run(
        [MUTMUT, 'show', name],
        cwd=TOP,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    change = ''.join(
        f'{line[0]} {line[1:].strip()}\n'
        for line in shown.splitlines()
        if line[:1] in ('-', '+') and line[:3] not in ('---', '+++')
    )
    function = name.partition('__mutmut_')[0].rpartition('.')[2]
    function = function.removeprefix('x').strip('ǁ').replace('ǁ', '.')
    return Survivor(module, function.removeprefix('_'), change)


def survivors(
    ended: dict[str, dict[str, int | None]],
    codes: tuple[int, ...] = _SURVIVED,
) -> Iterator[Survivor]:
    """The mutants that survived, or whose tests ended with other codes."""
    for module, ends in ended.items():
        for name, end in ends.items():
            if end in codes:
                yield survivor(module, name)


def listed() -> set[Survivor]:
    """The survivors in tools/mutants.toml that have a reason."""
    known = tomllib.loads(LISTED.read_text()).get('survivor', [])
    return {
        Survivor(one['module'], one['function'], one['change'])
        for one in known
        if one['reason']
    }


def report(ended: dict[str, dict[str, int | None]]) -> bool:
    """Print the share of each module; whether each is large enough."""
    left = collections.Counter(one.module for one in survivors(ended))
    enough = True
    for module, ends in ended.items():
        killed = len(ends) - left[module]
        share = 100 * killed / len(ends)
        enough &= share >= ENOUGH
        print(f'{module}: {killed} of {len(ends)} killed, {share:.1f} %')
    return enough


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('modules', nargs='*', help='for example fitting')
    parser.add_argument(
        '--again',
        action='store_true',
        help='report on the last run',
    )
    options = parser.parse_args()
    names = [f'*.{module}.*' for module in options.modules]
    if not options.again and not run(names):
        return 1
    ended = {
        module: ends
        for module, ends in results().items()
        if not names
        or any(
            fnmatch.fnmatch(name, pattern)
            for name in ends
            for pattern in names
        )
    }
    passed = report(ended)
    found = set(survivors(ended))
    known = {one for one in listed() if one.module in ended}
    unsure = set(survivors(ended, _TIMED_OUT))
    for title, group in (
        ('Survived, and is not listed', found - known),
        ('Listed, but was killed', known - found - unsure),
    ):
        for one in sorted(group):
            print(f'\n{title}:\n{one}')
            passed = False
    return 0 if passed else 1


if __name__ == '__main__':
    sys.exit(main())
