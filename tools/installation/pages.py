# SPDX-License-Identifier: Apache-2.0
"""The literal blocks of a page of the documentation."""

import re
import textwrap

from tools.installation.machines import TOP

# What a reader replaces, by what the test has.
REPLACED = {
    'SECRET': 'a-secret',
    'https://keystone.example.com': 'http://keystone.example.com:5000',
    'http://HOST:8181': 'https://api1.example.com:8181',
    '--password-prompt': '--password a-secret',
}
_TITLE = re.compile(r'(?m)^(\S.*)\n([=~-])\2+$')
_BLOCK = re.compile(
    r'(?m)^( *)(?:.*\S)?(?:::|\.\. code-block:: \w+)\n\n'
    r'((?:\1 +\S.*\n|\n)+)'
)


class Page:
    """A page, such as ``install/index``."""

    def __init__(self, name: str) -> None:
        text = (TOP / f'doc/source/{name}.rst').read_text() + '\n'
        titles = [*_TITLE.finditer(text)]
        ends = [title.start() for title in titles[1:]] + [len(text)]
        self._sections = {
            title[1]: text[title.end() : end]
            for title, end in zip(titles, ends, strict=True)
        }

    def block(self, section: str, number: int = 0) -> str:
        """A literal block of a section, with what a reader replaces."""
        blocks = _BLOCK.findall(self._sections[section])
        text = textwrap.dedent(blocks[number][1]).strip() + '\n'
        # A prompt is not typed.
        text = re.sub(r'(?m)^\$ ', '', text)
        for word, replacement in REPLACED.items():
            text = text.replace(word, replacement)
        return text

    def lines(self, section: str, number: int = 0) -> list[str]:
        """The commands of a literal block that has one in each line."""
        return self.block(section, number).splitlines()


INSTALL = Page('install/index')
UPGRADE = Page('admin/upgrade')
BACKUP = Page('admin/backup')
# The section that both kinds of hosts begin with.
PACKAGES = 'Packages, users and directories'
