#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the templates of errors and reasons, which the dashboard translates.

usage: reasons.py FILE
"""

import json
import pathlib
import re
import sys

import valence.cmd  # noqa: F401 - selects the backend of oslo.service
from errors import below
from valence.api import app  # noqa: F401 - all exceptions are known then
from valence.common import exception


def templates() -> list[str]:
    """Return the messages of all exceptions that consist of words."""
    base = exception.ValenceException
    found = {
        # What is shown was formatted already.
        re.sub(r'%\((\w+)\)[.\d]*[a-z]', r'%(\1)s', text)
        for cls in (base, *below(base))
        for text in (cls.message, cls.user_message)
        if text
    }
    return sorted(
        text
        for text in found
        if re.search(r'\w', re.sub(r'%\(\w+\)s', '', text))
    )


def main() -> int:
    """Write the file; return the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    text = json.dumps(templates(), indent=1, ensure_ascii=False)
    pathlib.Path(sys.argv[1]).write_text(text + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
