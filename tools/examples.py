#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the examples of the OpenAPI document, from a run of the application.

usage: examples.py FILE
"""

import json
import pathlib
import sys
import unittest

import valence.cmd  # noqa: F401 - selects the backend of oslo.service
from valence.tests.functional.document import scenario


def run(case: unittest.TestCase) -> bool:
    """Run a scenario, and print why it failed; return whether it did not."""
    result = unittest.TestResult()
    case.run(result)
    for _, text in (*result.errors, *result.failures):
        print(text, file=sys.stderr)
    return result.wasSuccessful()


def main() -> int:
    """Write the file; return the exit status."""
    case = scenario.Scenario('test_all')
    if not run(case):
        return 1
    text = json.dumps(case.examples, indent=1, ensure_ascii=False)
    pathlib.Path(sys.argv[1]).write_text(f'{text}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
