# SPDX-License-Identifier: Apache-2.0
import argparse
import os
import pathlib
import sys

from tools import installation
from tools.installation import containers
from tools.installation import embedded
from tools.installation import machines
from tools.installation import production

_STORIES = {
    'embedded': embedded,
    'production': production,
    'containers': containers,
}


def options() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog='test-install', description=installation.__doc__.splitlines()[0]
    )
    parser.add_argument(
        '--directory',
        type=pathlib.Path,
        default='/var/tmp/valence-installation',
        help='where the hosts are; the new Debian is kept there',
    )
    parser.add_argument(
        '--before', default='HEAD~1', help='the release to upgrade from'
    )
    parser.add_argument(
        '--revision', default='HEAD', help='the release to test'
    )
    parser.add_argument(
        'stories',
        nargs='*',
        metavar='story',
        help=f'what to follow: {", ".join(_STORIES)}; all of it by default',
    )
    given = parser.parse_args()
    # With choices, argparse also compares the empty list with them.
    for name in given.stories:
        if name not in _STORIES:
            parser.error(f'there is no story {name}')
    if os.geteuid():
        parser.error('only root can boot a container')
    given.stories = given.stories or list(_STORIES)
    return given


def main() -> int:
    """Return the exit status."""
    given = options()
    given.directory.mkdir(parents=True, exist_ok=True)
    try:
        # A branch may move meanwhile.
        before = machines.commit(given.before)
        revision = machines.commit(given.revision)
        for name in given.stories:
            _STORIES[name].run(given.directory, before, revision)
    except machines.Failed as exc:
        print(f'FAILED: {exc}')
        return 1
    print('All pages can be followed.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
