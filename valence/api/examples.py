# SPDX-License-Identifier: Apache-2.0
"""The examples in the OpenAPI document.

They come from a run of the application: ``tools/examples.py`` writes the file.
"""

import functools
import importlib.resources
import json

from valence.common.types import JsonObject


def of_operation(identifier: str) -> JsonObject:
    """The body of a ``request``, and those of ``responses`` by status.

    :param identifier: of the operation in the document.
    """
    found: JsonObject = _load().get(identifier, {})
    return found


@functools.cache
def _load() -> JsonObject:
    path = importlib.resources.files('valence.api') / 'examples.json'
    loaded: JsonObject = json.loads(path.read_text(encoding='utf-8'))
    return loaded
