# SPDX-License-Identifier: Apache-2.0
"""Hosts: containers of Debian with systemd and a network of their own."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

TOP = pathlib.Path(__file__).parents[2]
PACKAGES = (
    *('systemd', 'systemd-sysv', 'dbus', 'iproute2', 'ca-certificates'),
    *('curl', 'python3', 'python3-venv'),
)
_BRIDGE = 'valence0'
_NETWORK = '10.199.77'
_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
# The settings of pip; a new host gets packages as the one that it is on.
SETTINGS = (
    pathlib.Path('/etc/pip.conf'),
    pathlib.Path('~/.config/pip/pip.conf').expanduser(),
)
_WAIT_SECONDS = 120
# Hosts in one control group would end each other's services: $0 is its name.
_OWN_CGROUP = (
    'for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup;'
    ' do test -e $top/cgroup.procs || continue; mkdir -p $top/valence-$0;'
    ' echo $$ > $top/valence-$0/cgroup.procs; done; exec "$@"'
)


class Failed(Exception):
    """A command failed, or what it should bring about did not happen."""


def call(*command: object, text: str | None = None) -> str:
    """Run a command; return its output.

    :param text: its standard input.
    :raises Failed: with what it said.
    """
    done = subprocess.run(
        [str(word) for word in command],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Failed(f'{" ".join(map(str, command))[-400:]}\n{done.stdout}')
    return done.stdout


def commit(revision: str) -> str:
    """The name of a commit that stays what it is.

    :raises Failed: if there is none.
    """
    return call(
        'git', '-C', TOP, 'rev-parse', f'{revision}^{{commit}}'
    ).strip()


def base(directory: pathlib.Path) -> pathlib.Path:
    """A new Debian, made once in a directory."""
    made = directory / 'base'
    if not made.exists():
        unfinished = directory / 'unfinished'
        shutil.rmtree(unfinished, ignore_errors=True)
        packages = ','.join(PACKAGES)
        call(
            *('debootstrap', '--variant=minbase', f'--include={packages}'),
            *('bookworm', unfinished),
        )
        unfinished.rename(made)
    return made


def pip_options() -> list[tuple[str, str]]:
    """The environment of pip."""
    return [pair for pair in os.environ.items() if pair[0].startswith('PIP_')]


def pip_places() -> list[str]:
    """The files and directories that the settings of pip name."""
    texts = [path.read_text() for path in SETTINGS if path.exists()]
    texts += [value for _, value in pip_options()]
    named = set()
    for text in texts:
        for scheme, path in re.findall(r'(file://)?(/\w[^\s:]*)', text):
            # The files of an index lie beside it.
            named.add(os.path.dirname(path) if scheme else path)
    return sorted(filter(os.path.exists, named))


@contextlib.contextmanager
def network() -> Iterator[None]:
    """A network that only the hosts are in."""
    call('ip', 'link', 'add', _BRIDGE, 'type', 'bridge')
    try:
        call('ip', 'link', 'set', _BRIDGE, 'up')
        yield
    finally:
        call('ip', 'link', 'del', _BRIDGE)


class Machine:
    """A host.

    :param name: its name; ``NAME.example.com`` in the network.
    :param number: the last number of its address.

    ``names`` are the addresses of all hosts by name.
    """

    def __init__(self, directory: pathlib.Path, name: str, number: int):
        self.name, self.root = name, directory / name
        self.address = f'{_NETWORK}.{number}'
        self.names: dict[str, str] = {}
        self._container: subprocess.Popen[bytes] | None = None
        shutil.rmtree(self.root, ignore_errors=True)
        call('cp', '-a', '--reflink=auto', base(directory), self.root)
        self.write('/etc/hostname', f'{name}\n')
        for path in SETTINGS:
            if path.exists():
                self.write('/etc/pip.conf', path.read_text())

    def write(self, path: str, text: str) -> None:
        """Write a file of the host."""
        target = self.root / path.lstrip('/')
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def copy(self, revision: str) -> None:
        """Give it an archive of a commit in ``/root/valence``."""
        target = self.root / 'root/valence'
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        archive = self.root.parent / 'valence.tar'
        call('git', '-C', TOP, 'archive', '-o', archive, revision)
        call('tar', '-C', target, '-xf', archive)

    def install(self, command: str) -> str:
        """Run a command that gets packages, with the network it is on."""
        return call(
            # The host may be booted.
            *('env', 'SYSTEMD_NSPAWN_LOCK=0', 'systemd-nspawn', '-q'),
            *('--register=no', '--keep-unit'),
            *('--resolv-conf=copy-host', '--pipe', '-D', self.root),
            *(f'--bind-ro={path}' for path in pip_places()),
            *(f'--setenv={name}={value}' for name, value in pip_options()),
            '--setenv=DEBIAN_FRONTEND=noninteractive',
            *('sh', '-ec', command),
        )

    def boot(self) -> None:
        """Boot it, and tell it the addresses of the others by name."""
        lines = [f'{address} {name}' for name, address in self.names.items()]
        text = '\n'.join(['127.0.0.1 localhost', *lines, ''])
        log = (self.root.parent / f'{self.name}.log').open('wb')
        self._container = subprocess.Popen(
            (
                *('sh', '-ec', _OWN_CGROUP, self.name),
                *('systemd-nspawn', '-q', '--boot', '--register=no'),
                *('--keep-unit', f'--machine={self.name}', '-D', self.root),
                f'--network-bridge={_BRIDGE}',
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self.wait(
            'systemctl is-system-running --wait | grep -E "running|degraded"'
        )
        self.write('/etc/hosts', text)
        self.run(
            f'ip address add {self.address}/24 dev host0; ip link set host0 up'
        )

    def run(self, command: str) -> str:
        """Run a command on the host as root; return its output.

        :raises Failed: with what it said.
        """
        return call(
            *('nsenter', '--target', self.leader(), '--all'),
            *('env', '-i', f'PATH=/opt/valence/bin:{_PATH}', 'HOME=/root'),
            *('sh', '-ec', f'cd; {command}'),
        )

    def wait(self, command: str, seconds: float = _WAIT_SECONDS) -> str:
        """Run a command until it succeeds; return its output.

        :raises Failed: if it does not within so many seconds.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                return self.run(command)
            except (Failed, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(1)

    def stop(self) -> None:
        """End it as if its power were cut."""
        if self._container is not None:
            # All processes of the host end with the first one.
            with contextlib.suppress(Failed, ProcessLookupError):
                os.kill(self.leader(), signal.SIGKILL)
            self._container.wait()
            self._container = None

    def leader(self) -> int:
        """The process that is systemd.

        :raises Failed: if it does not run.
        """
        if self._container is None or self._container.poll() is not None:
            raise Failed(f'{self.name} does not run')
        parent = self._container.pid
        children = pathlib.Path(f'/proc/{parent}/task/{parent}/children')
        found = children.read_text().split()
        if not found:
            raise Failed(f'{self.name} does not run yet')
        return int(found[0])
