# SPDX-License-Identifier: Apache-2.0
"""Shared code of the benchmarks: running contenders in turns, and reports.

Measurements on a busy machine vary. Therefore the contenders run in turns, in
processes of their own, and the result is the ratio of their medians.
"""

import json
import os
import statistics
import subprocess
import sys


def take_turns(
    module: str, contenders: list[str], rounds: int, *args: str
) -> dict[str, list[dict[str, float]]]:
    """Run ``python -m module contender args`` in turns.

    Each run prints its figures as a line of JSON.
    """
    results: dict[str, list[dict[str, float]]] = {c: [] for c in contenders}
    for _ in range(rounds):
        for contender in contenders:
            done = subprocess.run(
                [sys.executable, '-W', 'ignore', '-m', module, contender]
                + list(args),
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            # Log messages are in the same output.
            figures = [
                line
                for line in done.stdout.splitlines()
                if line.startswith('{')
            ]
            results[contender].append(json.loads(figures[-1]))
    return results


def compare_on_databases(
    module: str, contenders: list[str], rounds: int, title: str
) -> None:
    """Report the ``cpu`` of contenders against ``floor``, by database.

    Each contender has the backend as its argument.
    """
    for backend in ('sqlite', 'mysql'):
        if backend != 'sqlite' and 'VALENCE_TEST_MYSQL' not in os.environ:
            print('VALENCE_TEST_MYSQL is not set: no MariaDB')
            continue
        results = take_turns(module, contenders, rounds, backend)
        print(f'{title}, {backend}:')
        report(results, 'cpu', 'us', against='floor')


def report(
    results: dict[str, list[dict[str, float]]],
    figure: str,
    unit: str,
    against: str,
) -> None:
    """Print the medians of a figure, and their ratios to one contender."""
    base = statistics.median(run[figure] for run in results[against])
    width = max(map(len, results))
    for contender, runs in results.items():
        values = sorted(run[figure] for run in runs)
        median = statistics.median(values)
        print(
            f'{contender:{width}}  {median:10.1f} {unit}'
            f'  ({values[0]:.1f} to {values[-1]:.1f})'
            f'  {median / base:5.2f} x {against}'
        )
