# SPDX-License-Identifier: Apache-2.0
"""A site with two hosts of Valence: install, use, back up, upgrade."""

import pathlib
from collections.abc import Sequence

from tools.installation import machines
from tools.installation.machines import Machine
from tools.installation.pages import BACKUP
from tools.installation.pages import INSTALL
from tools.installation.pages import PACKAGES
from tools.installation.pages import UPGRADE
from tools.installation.services import PODS
from tools.installation.services import Services

_EXAMPLES = 'cd /opt/valence/share/valence; '
_KEYS = 'etc/valence/credential-keys'
# The page leaves the certificate to the reader.
CERTIFICATE = (
    'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}'
    ' -addext subjectAltName=DNS:{name}'
    ' -keyout /etc/ssl/private/valence.key -out /etc/ssl/certs/valence.pem'
)
READY = 'curl -sf http://127.0.0.1:8182/healthcheck/ready'
_UNITS = 'valence-api valence-conductor'


class Site:
    """The hosts: ``api1`` and ``api2`` have the API and a conductor."""

    def __init__(
        self,
        directory: pathlib.Path,
        names: Sequence[str] = ('api1', 'api2'),
    ) -> None:
        self.services = Services(directory, 'services', 2)
        self.hosts = [
            Machine(directory, name, number)
            for number, name in enumerate(names, 3)
        ]
        self.first, self.second = self.hosts[0], self.hosts[-1]

    def get_packages(self, revision: str) -> None:
        """Install what needs the Internet; no host is booted."""
        self.services.prepare(revision)
        for host in self.hosts:
            host.install(
                'apt-get -qq update; apt-get -qqy install nginx openssl'
            )
            self.install(host, revision)

    @staticmethod
    def install(host: Machine, revision: str) -> None:
        """Install a release on a host, as the page says."""
        host.copy(revision)
        host.install(f'cd /root/valence; {INSTALL.block(PACKAGES)}')

    def boot(self) -> None:
        """Boot all hosts; they know each other by name."""
        hosts = [self.services, *self.hosts]
        names = {f'{host.name}.example.com': host.address for host in hosts}
        for name in ('db', 'rabbit', 'keystone', 'pods'):
            names[f'{name}.example.com'] = self.services.address
        for host in hosts:
            host.names = names
            host.boot()

    def set_up(self) -> None:
        """Follow the page from the users to Keystone."""
        self.begin()
        for host in self.hosts:
            host.run(INSTALL.block(PACKAGES, 1))
            self.configure(host)
            host.run('chown root:valence /etc/valence/valence.conf')
        self.first.run(INSTALL.block('Schema and keys'))
        self.copy_keys()
        self.services.openstack(INSTALL.block('Keystone'))
        for host in self.hosts:
            host.run(_EXAMPLES + INSTALL.block('API'))
            host.run(CERTIFICATE.format(name=f'{host.name}.example.com'))
            host.run(_EXAMPLES + 'cp nginx/valence.conf /etc/nginx/conf.d/')
            host.run('systemctl restart nginx')
            host.run(INSTALL.block('Conductors'))
        self.wait_ready()

    def begin(self) -> None:
        """Start what a site has before Valence, and create the database."""
        self.services.begin()
        self.services.run(f'mysql <<"E"\n{INSTALL.block("Database")}E')

    @staticmethod
    def configure(host: Machine) -> None:
        """Write the configuration of the page."""
        text = INSTALL.block('Configuration')
        host.write('/etc/valence/valence.conf', text)
        host.run('chmod 0640 /etc/valence/valence.conf')

    def wait_ready(self) -> None:
        """Wait until the API of both hosts can serve requests."""
        for host in self.hosts:
            host.wait(READY)

    def copy_keys(self) -> None:
        """Give the second host the keys of the first."""
        machines.call(
            *('cp', '-a', '--no-target-directory'),
            *(self.first.root / _KEYS, self.second.root / _KEYS),
        )

    def use(self) -> None:
        """Register the pods, compose by one host and release by the other."""
        self.register()
        self.compose('web', 'api1')
        self.compose('db', 'api2')
        self.release('web', 'api2')

    def register(self) -> None:
        """Register the pods."""
        for port in PODS:
            self.services.openstack(
                f'openstack valence podmanager create pod{port} --wait'
                f' --url http://pods.example.com:{port}'
            )

    def compose(self, name: str, api: str) -> None:
        """Compose a node by the API of a host."""
        compose = f'openstack valence node compose {name} --wait'
        self.services.openstack(compose, api)
        self.expect_node(name, api)

    def release(self, name: str, api: str) -> None:
        """Release a node by the API of a host."""
        self.services.openstack(
            f'openstack valence node delete {name} --wait', api
        )

    def expect_node(self, name: str, api: str = 'api1') -> None:
        """See that a node is there, with hardware."""
        self.services.openstack(self.active(name), api)

    @staticmethod
    def active(name: str) -> str:
        """The command that succeeds once a node is there."""
        return (
            f'openstack valence node show {name} -f value -c provision_state'
            ' | grep -x active'
        )

    def lose_a_host(self) -> None:
        """Cut the power of a host that composes: the other goes on."""
        for number in range(3):
            self.services.openstack(
                f'openstack valence node compose other{number}'
            )
        self.first.stop()
        for number in range(3):
            name = f'other{number}'
            self.services.wait(self.services.typed(self.active(name), 'api2'))
            self.release(name, 'api2')
        self.first.boot()
        self.wait_ready()

    def stop(self) -> None:
        """End all hosts."""
        for host in (self.services, *self.hosts):
            host.stop()

    def back_up(self) -> None:
        """Follow the page while Valence runs."""
        dump, _, keys = BACKUP.lines('What to back up')
        self.services.run(dump)
        self.first.run(keys)

    def restore(self) -> None:
        """Lose database and keys, and follow the page."""
        for host in self.hosts:
            host.run(f'systemctl stop {_UNITS}')
            host.run(f'rm -r /{_KEYS}')
        self.services.run(
            'mysql -e "DROP DATABASE valence;'
            ' CREATE DATABASE valence CHARACTER SET utf8mb4";'
            ' mysql valence < valence.sql'
        )
        self.first.run('tar -C /etc/valence -xzf keys.tar.gz')
        self.copy_keys()
        self.first.run(BACKUP.block('Restore'))
        for host in self.hosts:
            host.run('systemctl start valence-conductor')
        for host in self.hosts:
            host.run('systemctl start valence-api')
        self.wait_ready()

    def upgrade(self, revision: str) -> None:
        """Follow the page to another release, while nodes are composed."""
        sync, check, conductor, api, repair = (
            UPGRADE.block('In this order', number) for number in range(5)
        )
        self.install(self.first, revision)
        self.first.run(sync)
        self.first.run(check)
        self.compose('during', 'api2')
        self.first.run(conductor)
        self.install(self.second, revision)
        self.second.run(conductor)
        self.compose('between', 'api1')
        for host in self.hosts:
            host.run(api)
        self.wait_ready()
        self.first.run(repair)
        for name in ('during', 'between'):
            self.expect_node(name, 'api1')
            self.release(name, 'api2')


def run(directory: pathlib.Path, before: str, revision: str) -> None:
    """Install an older release, use it, upgrade it, and back it up.

    :param before: the commit that is installed first.
    :param revision: the one it is upgraded to.
    """
    site = Site(directory)
    site.get_packages(before)
    with machines.network():
        try:
            site.boot()
            for step in (site.set_up, site.use, site.lose_a_host):
                _tell(step.__doc__)
                step()
            _tell(site.upgrade.__doc__)
            site.upgrade(revision)
            for step in (site.back_up, site.restore):
                _tell(step.__doc__)
                step()
            site.compose('after', 'api1')
            for name in ('db', 'after'):
                site.release(name, 'api2')
        finally:
            site.stop()


def _tell(text: str | None) -> None:
    print((text or '').splitlines()[0], flush=True)
