# SPDX-License-Identifier: Apache-2.0
"""What a site has before Valence: database, broker, Keystone, pods."""

from tools.installation.machines import Machine

# The numbers of systems of the simulated pods, by their port.
PODS = {9001: 4, 9002: 2}
_PASSWORD = 'a-secret'
_KEYSTONE = """
[database]
connection = sqlite:////var/lib/keystone/keystone.sqlite
[fernet_tokens]
key_repository = /var/lib/keystone/fernet
[fernet_receipts]
key_repository = /var/lib/keystone/receipts
[credential]
key_repository = /var/lib/keystone/credential
[oslo_messaging_notifications]
driver = noop
"""
_UNIT = """
[Service]
Environment=OS_KEYSTONE_CONFIG_FILES=/etc/keystone.conf
ExecStart={command}
[Install]
WantedBy=multi-user.target
"""
_UWSGI = (
    '/opt/keystone/bin/uwsgi --venv /opt/keystone --http-socket 0.0.0.0:5000'
    ' --module keystone.wsgi.api:application --need-app --threads 1'
    ' --enable-threads --die-on-term --buffer-size 65535'
    ' --add-header "Connection: close"'
)
_MARIADB = '[mysqld]\nbind-address = 0.0.0.0\nskip-name-resolve\n'
_ENVIRONMENT = (
    'OS_AUTH_URL=http://keystone.example.com:5000/v3 OS_USERNAME=admin'
    f' OS_PASSWORD={_PASSWORD} OS_PROJECT_NAME=admin OS_IDENTITY_API_VERSION=3'
    ' OS_USER_DOMAIN_ID=default OS_PROJECT_DOMAIN_ID=default'
)


class Services(Machine):
    """The host of all that Valence needs, and of the clients."""

    def prepare(self, revision: str) -> None:
        """Install everything.

        :param revision: the commit whose simulator and client it gets.
        """
        self.install(
            'apt-get -qq update;'
            ' apt-get -qqy install mariadb-server rabbitmq-server'
            ' --no-install-recommends'
        )
        self.install(
            'python3 -m venv /opt/keystone;'
            ' /opt/keystone/bin/pip install -q keystone pyuwsgi;'
            ' python3 -m venv /opt/client;'
            ' /opt/client/bin/pip install -q python-openstackclient'
        )
        self.copy(revision)
        self.install(
            'cd /root/valence; export PBR_VERSION=0.1;'
            ' /opt/client/bin/pip install -q ./client ./simulator'
        )
        self.write('/etc/mysql/mariadb.conf.d/99-network.cnf', _MARIADB)
        self.write('/etc/keystone.conf', _KEYSTONE)
        self._unit('keystone', _UWSGI)
        for port, systems in PODS.items():
            self._unit(
                f'pod{port}',
                f'/opt/client/bin/valence-simulator --host 0.0.0.0'
                f' --port {port} --systems {systems}',
            )

    def _unit(self, name: str, command: str) -> None:
        text = _UNIT.format(command=command)
        self.write(f'/etc/systemd/system/{name}.service', text)

    def begin(self) -> None:
        """Start everything, once the host is booted."""
        url = 'http://keystone.example.com:5000/v3'
        manage = '/opt/keystone/bin/keystone-manage --config-file'
        self.run(
            'mkdir -p /var/lib/keystone;'
            f' K="{manage} /etc/keystone.conf";'
            ' $K db_sync;'
            ' for kind in fernet receipt credential; do'
            ' mkdir -p /var/lib/keystone/${kind}s /var/lib/keystone/$kind;'
            ' done;'
            ' $K fernet_setup --keystone-user root --keystone-group root;'
            ' $K receipt_setup --keystone-user root --keystone-group root;'
            ' $K credential_setup --keystone-user root --keystone-group root;'
            f' $K bootstrap --bootstrap-password {_PASSWORD}'
            f' --bootstrap-public-url {url} --bootstrap-internal-url {url}'
            ' --bootstrap-region-id RegionOne'
        )
        self.run('systemctl daemon-reload; systemctl start keystone')
        for port in PODS:
            self.run(f'systemctl start pod{port}')
        self.wait('curl -sf http://127.0.0.1:5000/v3')
        self.wait('mysqladmin ping')
        self.wait('rabbitmqctl await_startup')
        self.run(
            f'rabbitmqctl add_user valence {_PASSWORD};'
            " rabbitmqctl set_permissions valence '.*' '.*' '.*'"
        )
        self.openstack('openstack project create service')

    def openstack(self, commands: str, api: str = 'api1') -> str:
        """Type commands as the administrator; return the output.

        :param api: the host whose API they use.
        """
        return self.run(self.typed(commands, api))

    @staticmethod
    def typed(commands: str, api: str = 'api1') -> str:
        """The commands with the environment of the administrator."""
        url = f'https://{api}.example.com:8181'
        return (
            f'export PATH=/opt/client/bin:$PATH {_ENVIRONMENT}'
            f' OS_COMPOSABLE_ENDPOINT_OVERRIDE={url} OS_INSECURE=true;'
            f' {commands}'
        )
