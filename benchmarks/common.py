# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: fair turns, and how results are printed.

Machines are noisy, so the contenders take turns in processes of their own, and
what is quoted is the ratio of their medians.
"""

import json
import statistics
import subprocess
import sys


def take_turns(
    module: str, contenders: list[str], rounds: int, *args: str
) -> dict[str, list[dict[str, float]]]:
    """Run ``python -m module contender args`` in turns.

    Each run prints its figures as a JSON object, on a line of its own.
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
            # What is logged goes the same way.
            figures = [
                line
                for line in done.stdout.splitlines()
                if line.startswith('{')
            ]
            results[contender].append(json.loads(figures[-1]))
    return results


def report(
    results: dict[str, list[dict[str, float]]],
    figure: str,
    unit: str,
    against: str,
) -> None:
    """Print the medians of one figure, and their ratios to one contender."""
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
