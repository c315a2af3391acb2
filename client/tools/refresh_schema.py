#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Update the OpenAPI document of the client.

usage: refresh_schema.py [FILE or URL]

The default is api-ref/openapi.json of the repository. A running Valence serves
it at http://127.0.0.1:8181/v1/openapi.json.
"""

import json
import pathlib
import sys
import urllib.request

CLIENT = pathlib.Path(__file__).resolve().parent.parent
TARGET = CLIENT / 'valenceclient' / 'openapi.json'
SOURCE = CLIENT.parent / 'api-ref' / 'openapi.json'


def main() -> None:
    """Copy the document into the package."""
    source = sys.argv[1] if len(sys.argv) > 1 else str(SOURCE)
    if source.startswith(('http://', 'https://')):
        with urllib.request.urlopen(source, timeout=30) as answer:  # noqa: S310
            document = json.load(answer)
    else:
        document = json.loads(pathlib.Path(source).read_text(encoding='utf-8'))
    text = json.dumps(document, indent=2, ensure_ascii=False) + '\n'
    TARGET.write_text(text, encoding='utf-8')
    print(f'Copied {source} to {TARGET}')


if __name__ == '__main__':
    main()
