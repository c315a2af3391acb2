# SPDX-License-Identifier: Apache-2.0
"""The files in etc with which a host runs Valence."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import fixtures

from valence.tests import base

_TOP = pathlib.Path(__file__).parents[4]
_ETC = _TOP / 'etc'
# What is built from.
_SOURCES = (
    *('MANIFEST.in', 'README.rst', 'pyproject.toml', 'requirements.txt'),
    *('setup.cfg', 'setup.py', 'etc', 'valence'),
)
# What systemd calls "OK" ends at 2.0.
_EXPOSURE = 2.0


def run(*command, **options):
    """What a command prints; it must succeed."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    if done.returncode:
        raise AssertionError(done.stdout)
    return done.stdout


class PackagingTest(base.TestCase):
    def need(self, command):
        if shutil.which(command) is None:
            self.skipTest(f'{command} is not installed')

    def test_units(self):
        self.need('systemd-analyze')
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for unit in sorted((_ETC / 'systemd').glob('*.service')):
            # Valence is not installed where the unit says.
            text = re.sub(
                '/opt/valence/bin/[a-z-]+', '/bin/true', unit.read_text()
            )
            copy = directory / unit.name
            copy.write_text(text)
            self.assertEqual('', run('systemd-analyze', 'verify', str(copy)))
            printed = run(
                *('systemd-analyze', 'security', '--offline=true'), str(copy)
            )
            exposure = float(
                re.search(r'exposure level for .*: ([0-9.]+)', printed)[1]
            )
            self.assertLessEqual(exposure, _EXPOSURE, unit)

    def test_log_rotation(self):
        self.need('logrotate')
        # The user exists where Valence is installed.
        text = (_ETC / 'logrotate.d' / 'valence').read_text()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        copy = directory / 'valence'
        copy.write_text(re.sub('valence adm', 'root adm', text))
        self.assertNotIn('error', run('logrotate', '--debug', str(copy)))

    def test_all_commands_exist(self):
        setup = (_TOP / 'setup.cfg').read_text()
        for unit in (_ETC / 'systemd').glob('*.service'):
            (command,) = re.findall(
                '/opt/valence/bin/([a-z-]+)', unit.read_text()
            )
            self.assertTrue(
                command == 'uwsgi' or f'    {command} = ' in setup, unit
            )

    def test_all_files_are_installed_without_git(self):
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in _SOURCES:
            source = _TOP / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, directory / name)
        environment = {
            name: value
            for name, value in os.environ.items()
            if name != 'PBR_VERSION'
        }
        built = directory / 'built'
        run(
            *(sys.executable, 'setup.py', '-q'),
            *('build', '--build-base', str(built), '--build-lib', str(built)),
            *('install_data', '--install-dir', str(built)),
            cwd=directory,
            env=environment,
        )
        needed = [
            path.relative_to(directory)
            for path in (directory / 'valence').rglob('*')
            if path.is_file() and '__pycache__' not in path.parts
        ]
        self.assertEqual(
            [], [path for path in needed if not (built / path).is_file()]
        )
        installed = built / 'share' / 'valence'
        for path in ('valence.conf.sample', 'systemd/valence-api.service'):
            self.assertTrue((installed / path).is_file(), path)
