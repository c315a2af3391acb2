#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the OpenAPI document, which the running service returns as well.

usage: openapi.py [--output-file FILE]
"""

import argparse
import json
import pathlib
import sys

import valence.cmd  # noqa: F401 - selects the backend of oslo.service
from valence.api import openapi
from valence.api import routes


def main() -> None:
    """Write the document to the file, or print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output-file', type=pathlib.Path)
    path = parser.parse_args().output_file
    document = openapi.document(routes.ROUTES, routes.PARAMETERS)
    text = json.dumps(document, indent=2, ensure_ascii=False) + '\n'
    if path is None:
        sys.stdout.write(text)
    else:
        path.write_text(text)


if __name__ == '__main__':
    main()
