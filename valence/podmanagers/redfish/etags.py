# SPDX-License-Identifier: Apache-2.0
"""ETags in all forms that services show and want (RFC 9110, DSP0266).

The header and the property ``@odata.etag`` may differ, and either may be
wrong: quoted twice, without quotes, weak or strong, or with the suffix of a
compression.
"""

import re
from collections.abc import Sequence

_SUFFIX = re.compile(r'[-;](gzip|br|deflate|zstd)$')


def forms(tags: Sequence[str | None]) -> list[str | None]:
    """The values to try for If-Match, the best first; None: no header.

    :param tags: as the service shows them, the best first.
    """
    shown = [tag for tag in tags if tag]
    if not shown:
        return [None, '*']
    # What was received comes first, then what it may have been made of.
    result: list[str | None] = list(shown)
    cores = [_core(tag) for tag in shown]
    weak = 'W/' in shown[0]
    for core in cores:
        strong = f'"{core}"'
        result += [f'W/{strong}', strong] if weak else [strong, f'W/{strong}']
    result += [*cores, None, '*']
    return list(dict.fromkeys(result))


def _core(tag: str) -> str:
    """An ETag without prefix, quotes and suffix."""
    bare = tag.strip().strip('"').removeprefix('W/').strip('"')
    return _SUFFIX.sub('', bare).strip('"')
