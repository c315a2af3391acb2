# SPDX-License-Identifier: Apache-2.0
"""The image: a single process, and a site with gunicorn and haproxy.

podman and runc run on this host, with files of their own; the containers are
in the network of a new host. The base of the image is that new Debian, because
no registry of images is needed for it.
"""

import contextlib
import pathlib
import shutil

from tools.installation import machines
from tools.installation.embedded import CREATE
from tools.installation.embedded import REQUEST
from tools.installation.machines import Failed
from tools.installation.machines import Machine
from tools.installation.pages import INSTALL
from tools.installation.production import CERTIFICATE
from tools.installation.production import READY
from tools.installation.production import Site

_PAGE = 'Containers'
_BASE = 'localhost/debian-with-python'
_STORAGE = """
[storage]
driver = "overlay"
runroot = "{place}/run"
graphroot = "{place}/graph"
"""
# The limits are those that any host allows.
_CONTAINERS = """
[containers]
base_hosts_file = "{root}/etc/hosts"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""
_HAPROXY = (
    'cat /etc/ssl/private/valence.key /etc/ssl/certs/valence.pem'
    ' > /etc/haproxy/valence.pem;'
    # The example is for two hosts with other addresses.
    " sed '/server host-2/d; s/192.0.2.11/127.0.0.1/'"
    ' valence/etc/haproxy/valence.cfg > /etc/haproxy/haproxy.cfg;'
    ' systemctl restart haproxy'
)


class Images:
    """podman, with the containers of one host.

    :param host: whose network and ``/etc/valence`` they have.
    """

    def __init__(self, directory: pathlib.Path, host: Machine) -> None:
        self._host, self._place = host, directory / 'podman'
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir()
        names = {'place': self._place, 'root': host.root}
        for name, text in (
            ('storage', _STORAGE),
            ('containers', _CONTAINERS),
        ):
            file = self._place / f'{name}.conf'
            file.write_text(text.format(**names))

    def run(self, commands: str) -> str:
        """Type commands of the page; return the output.

        :raises Failed: with what they said.
        """
        network = f'ns:/proc/{self._host.leader()}/ns/net'
        for written, meant in (
            ('--network host', f'--network {network}'),
            ('/etc/valence:', f'{self._host.root}/etc/valence:'),
            ('chgrp 8181 ', f'chgrp 8181 {self._host.root}'),
        ):
            commands = commands.replace(written, meant)
        return self._call('sh', '-ec', commands)

    def _call(self, *command: object) -> str:
        return machines.call(
            *('env', '-C', self._host.root / 'root/valence'),
            f'CONTAINERS_STORAGE_CONF={self._place}/storage.conf',
            f'CONTAINERS_CONF={self._place}/containers.conf',
            # A build needs no control group of its own.
            'BUILDAH_ISOLATION=chroot',
            *command,
        )

    def build(self, base: pathlib.Path, revision: str) -> None:
        """Build the image of a release, with the network of this host."""
        self._host.copy(revision)
        self._host.write('/etc/hosts', '127.0.0.1 localhost\n')
        archive = self._place / 'base.tar'
        machines.call('tar', '-C', base, '-cf', archive, '.')
        self._call('podman', 'import', archive, _BASE)
        archive.unlink()
        places = [*machines.pip_places()]
        places += [str(one) for one in machines.SETTINGS if one.exists()]
        podman, build, *rest = INSTALL.block(_PAGE).split()
        self._call(
            *(podman, build, '--network', 'host'),
            *('--build-arg', f'PYTHON={_BASE}'),
            *(f'--volume={path}:{path}:ro' for path in places),
            *(f'--env={name}={text}' for name, text in machines.pip_options()),
            *rest,
        )

    def stop(self) -> None:
        """End all containers, and remove what podman has."""
        with contextlib.suppress(Failed):
            self._call('podman', 'system', 'reset', '--force')
        shutil.rmtree(self._place, ignore_errors=True)


def run(directory: pathlib.Path, before: str, revision: str) -> None:
    """Build the image, and run it as the page says.

    :param revision: the commit that is tested.
    """
    site = Site(directory, ('api1',))
    site.services.prepare(revision)
    host = site.first
    host.install('apt-get -qq update; apt-get -qqy install haproxy openssl')
    images = Images(directory, host)
    try:
        images.build(machines.base(directory), revision)
        with machines.network():
            site.boot()
            _run_single_process(host, images)
            _run_production(site, images)
    finally:
        images.stop()
        site.stop()


def _run_single_process(host: Machine, images: Images) -> None:
    """Start it twice: the volume keeps what was registered."""
    images.run(INSTALL.block(_PAGE, 1))
    host.wait(CREATE)
    images.run('podman rm --force valence')
    images.run(INSTALL.block(_PAGE, 1))
    host.wait(f'{REQUEST} | grep away')
    images.run('podman rm --force valence')


def _run_production(site: Site, images: Images) -> None:
    """Follow the page, and compose; the conductor dies meanwhile."""
    host = site.first
    site.begin()
    host.run('mkdir -p /etc/valence')
    site.configure(host)
    images.run(INSTALL.block(_PAGE, 2))
    site.services.openstack(INSTALL.block('Keystone'))
    host.run(CERTIFICATE.format(name=f'{host.name}.example.com'))
    host.run(_HAPROXY)
    host.wait(READY)
    site.register()
    site.services.openstack('openstack valence node compose web')
    images.run('podman kill valence-conductor')
    images.run('podman start valence-conductor')
    site.services.wait(site.services.typed(site.active('web')))
    site.release('web', 'api1')
    images.run('podman logs valence-conductor 2>&1 | grep "operation ends"')
