#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Show Valence at work on two simulated pod managers.

Everything is real but the hardware: the simulators are servers of their own
that want a login, Valence runs on its embedded default, and all is asked for
over HTTP. Each step says what is done, shows what came back, and is checked.

The demo then stays up to be played with, until Ctrl-C. With DEMO_EXIT=1 in
the environment it ends instead, with exit status 0 only if every step did
what it said.
"""

import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NoReturn

import requests

BIN = pathlib.Path(sys.executable).parent
USERNAME, PASSWORD = 'demo', 'rack-and-roll'
PATIENCE = 60  # seconds that anything may take
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A step did not do what it said."""


# What a person sees.


def paint(code: str, text: str) -> str:
    """Text in a colour, where somebody sees it."""
    if sys.stdout.isatty() and 'NO_COLOR' not in os.environ:
        return f'\033[{code}m{text}\033[0m'
    return text


def say(text: str) -> None:
    """A sentence or two."""
    print(textwrap.indent(textwrap.fill(text, 74), '   '), flush=True)


def show(rows: Iterable[dict[str, Any]]) -> None:
    """A table: the titles are the keys of the first row."""
    rows = [
        {title: plain(value) for title, value in row.items()} for row in rows
    ]
    if not rows:
        print('     (none)\n', flush=True)
        return
    widths = {
        title: max(len(title), *(len(row[title]) for row in rows))
        for title in rows[0]
    }
    print()
    for row in (
        {title: title for title in widths},
        {title: '-' * width for title, width in widths.items()},
        *rows,
    ):
        cells = (row[title].ljust(width) for title, width in widths.items())
        print(('     ' + '  '.join(cells)).rstrip())
    print(flush=True)


def plain(value: Any) -> str:
    """A value as a cell of a table shows it."""
    if value is None:
        return '-'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return str(value)


# The processes.


class Process:
    """A process that ends with this one, whatever way that goes."""

    running: list['Process'] = []

    def __init__(self, name: str, logs: pathlib.Path, *command: str) -> None:
        self.name = name
        self.command = command
        self.log = logs / f'{name}.log'
        with self.log.open('ab') as log:
            self._begin = log.tell()
            self._popen = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for this process, which ends the others in order.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
                env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
            )
        self.pid = self._popen.pid
        Process.running.append(self)

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def wait_for_line(self, pattern: str) -> str:
        """What the group of a pattern matches in what it prints."""

        def look() -> str | None:
            text = self.log.read_bytes()[self._begin :].decode()
            found = re.search(pattern, text)
            return found[1] if found else None

        return wait(f'{self.name} to start', look, self)

    def stop(self) -> int:
        """End it; its exit status."""
        if self.alive():
            self._popen.terminate()
        try:
            status = self._popen.wait(15)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            status = self._popen.wait()
        if self in Process.running:
            Process.running.remove(self)
        return status

    @classmethod
    def stop_all(cls) -> dict[str, int]:
        """End all of them, the youngest first; exit statuses by name."""
        return {
            process.name: process.stop() for process in reversed(cls.running)
        }


def _die_with(parent: int) -> Callable[[], None]:
    """Have the kernel end a child whose parent is gone, killed even."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def wait(what: str, look: Callable[[], Any], *processes: Process) -> Any:
    """Look again and again until there is something to see.

    :raises Failed: when there is nothing for too long, or a process that is
        needed for it has ended.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        for process in processes:
            if not process.alive():
                raise Failed(f'{process.name} has ended')
        time.sleep(0.1)
    raise Failed(f'waited {PATIENCE} seconds for {what}')


def free_port(wanted: int) -> int:
    """The wanted TCP port, or another one if that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failed('no TCP port is free')


# The REST API.


class Api:
    """Speaks to Valence, and tells what it says and hears."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        status: int = 200,
    ) -> Any:
        """One request, shown; the answer's JSON.

        :param status: the one that it has to have.
        """
        print(paint('36', f'   > {method} {self.url}{path}'))
        if body is not None:
            text = json.dumps(body)
            lines = textwrap.wrap(text, 72, break_on_hyphens=False)
            print(textwrap.indent('\n'.join(lines), '     '))
        response = self._session.request(
            method, self.url + path, json=body, timeout=30
        )
        place = response.headers.get('Location')
        print(
            paint('32', f'   < {response.status_code} {response.reason}')
            + (f', see {place}' if place else ''),
            flush=True,
        )
        if response.status_code != status:
            raise Failed(
                f'{method} {path} answered {response.status_code} instead of '
                f'{status}: {response.text}'
            )
        return response.json()

    def look(self, path: str) -> Any:
        """The JSON at a path, asked for in silence while waiting."""
        response = self._session.get(self.url + path, timeout=30)
        response.raise_for_status()
        return response.json()


# The story.


class Demo:
    """The two pods, Valence, and what is done with them."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.sizes = {'east': 4, 'west': 12}
        self.pods: dict[str, Process] = {}
        self.urls: dict[str, str] = {}
        self.uuids: dict[str, str] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.valence: Process
        self.api: Api

    STEPS: tuple[tuple[str, str], ...] = (
        ('start', 'Start two simulated pod managers, and Valence'),
        ('register', 'Register both pod managers'),
        ('contact', 'Wait until both are online and their inventory is in'),
        ('systems', 'List the systems of both'),
        ('compose_there', 'Compose a node on a pod manager that is named'),
        ('compose_anywhere', 'Compose a node wherever there is room for it'),
        ('hardware', 'Show the hardware of both nodes'),
        ('reset', 'Reset one of them'),
        ('release', 'Release both'),
        ('lose', 'Stop a pod manager'),
    )

    def start(self) -> None:
        for name in self.sizes:
            self.start_pod(name)
        port = free_port(8181)
        config = self.directory / 'valence.conf'
        config.write_text(
            f'[DEFAULT]\nstate_path = {self.directory / "state"}\n'
            f'[api]\nport = {port}\n'
            f'[conductor]\nstatus_interval = 2\n'
        )
        self.valence = Process(
            'valence', self.directory, 'valence', '--config-file', str(config)
        )
        self.api = Api(
            self.valence.wait_for_line(r'The API listens on (http://\S+)')
        )
        say(
            'Each is a process with a port of its own. The pods want a '
            'login. Valence runs on its embedded default, SQLite and no '
            'broker; it is only told to look after the pods every 2 seconds '
            'instead of every 30.'
        )
        show(
            {
                'process': process.name,
                'pid': process.pid,
                'URL': self.urls.get(process.name, self.api.url),
                'systems': self.sizes.get(process.name),
            }
            for process in Process.running
        )
        versions = self.api.call('GET', '/')
        show(
            {
                'version': version['id'],
                'status': version['status'],
                'microversions': f'{version["min_version"]} to '
                f'{version["version"]}',
            }
            for version in versions['versions']
        )

    def start_pod(self, name: str, port: int = 0) -> None:
        """Start a simulator; the same seed makes the same hardware."""
        pod = Process(
            name,
            self.directory,
            *('valence-simulator', '--personality', 'rsd'),
            *('--host', '127.0.0.1', '--port', str(port)),
            *('--systems', str(self.sizes[name]), '--seed', name),
            *('--username', USERNAME, '--password', PASSWORD),
        )
        self.pods[name] = pod
        self.urls[name] = pod.wait_for_line(r'listening on (http://[^/\s]+)')
        code = requests.get(
            f'{self.urls[name]}/redfish/v1/Systems', timeout=30
        ).status_code
        if code != 401:
            raise Failed(f'{name} answers {code} to those who do not log in')

    def register(self) -> None:
        rows = []
        for name, url in self.urls.items():
            podm = self.api.call(
                'POST',
                '/v1/pod_managers',
                {
                    'name': name,
                    'url': url,
                    'username': USERNAME,
                    'password': PASSWORD,
                    'description': f'The pod in the {name} of the hall',
                },
                201,
            )
            if PASSWORD in json.dumps(podm):
                raise Failed('the answer shows the password')
            self.uuids[name] = podm['uuid']
            rows.append(podm)
        say('The answers do not show the password; nothing ever does.')
        show(
            {name: row[name] for name in ('uuid', 'name', 'url', 'status')}
            for row in rows
        )

    def contact(self) -> None:
        def ready() -> bool:
            podms = self.api.look('/v1/pod_managers')['pod_managers']
            return all(
                podm['status'] == 'online' and podm['synced_at']
                for podm in podms
            )

        wait('both to be online', ready, self.valence, *self.pods.values())
        self.show_pod_managers()

    def show_pod_managers(self) -> None:
        """All pod managers, with their state."""
        answer = self.api.call('GET', '/v1/pod_managers?sort_key=name')
        show(
            {
                'name': podm['name'],
                'driver': podm['driver'],
                'status': podm['status'],
                'reason': podm['status_reason'],
                'inventory of': (podm['synced_at'] or '-')[:19],
            }
            for podm in answer['pod_managers']
        )

    def systems(self) -> None:
        for name, size in self.sizes.items():
            answer = self.api.call('GET', f'/v1/systems?pod_manager={name}')
            found = answer['systems']
            show(
                {
                    'system': system['name'],
                    'processors': f'{system["cpu_sockets"]} x '
                    f'{system["cpu_model"]}',
                    'cores': system['cpu_cores'],
                    'memory': f'{system["memory_mib"] // 1024} GiB',
                    'drives': drives(system),
                    'power': system['power_state'],
                    'state': system['state'],
                }
                for system in found
            )
            if len(found) != size:
                raise Failed(f'{name} shows {len(found)} systems, not {size}')

    def compose_there(self) -> None:
        say('The pod manager is named; Valence picks the system.')
        self.compose(
            name='web',
            pod_manager='east',
            properties={
                'processor': {'total_cores': 16},
                'memory': {'capacity_mib': 32768},
            },
        )
        if self.nodes['web']['podm_uuid'] != self.uuids['east']:
            raise Failed('the node is not on east')

    def compose_anywhere(self) -> None:
        say('Only what it has to be made of is said.')
        self.compose(
            name='database',
            properties={
                'processor': {'total_cores': 40},
                'memory': {'capacity_mib': 262144},
                'storage': [{'capacity_gib': 1000, 'type': 'ssd'}],
            },
        )

    def compose(self, **body: Any) -> None:
        """Have a node composed, and see it become active."""
        answer = self.api.call('POST', '/v1/nodes', body, 202)
        self.follow(answer['operation_uuid'])
        node = self.api.call('GET', f'/v1/nodes/{body["name"]}')
        self.nodes[body['name']] = node
        names = {uuid: name for name, uuid in self.uuids.items()}
        show(
            [
                {
                    'node': node['name'],
                    'uuid': node['uuid'],
                    'on': names.get(node['podm_uuid']),
                    'state': node['provision_state'],
                    'power': node['power_state'],
                }
            ]
        )
        if node['provision_state'] != 'active':
            raise Failed(f'the node is {node["provision_state"]}')

    def follow(self, uuid: str) -> None:
        """Wait until an operation has ended, and show its journal."""
        path = f'/v1/operations/{uuid}'

        def ended() -> bool:
            return self.api.look(path)['state'] not in ('pending', 'running')

        wait('the operation to end', ended, self.valence)
        operation = self.api.call('GET', path)
        show(
            {
                'operation': operation['action'],
                'step': step['name'],
                'state': step['state'],
            }
            for step in operation['steps']
        )
        if operation['state'] != 'succeeded':
            raise Failed(
                f'the operation {operation["state"]}: {operation["error"]}'
            )

    def hardware(self) -> None:
        for name in self.nodes:
            node = self.api.call('GET', f'/v1/nodes/{name}')
            if not node['systems']:
                raise Failed(f'{name} shows no hardware')
            show(
                {
                    'node': name,
                    'system': system['name'],
                    'cores': system['cpu_cores'],
                    'memory': f'{system["memory_mib"] // 1024} GiB',
                    'drives': drives(system),
                    'MAC addresses': ' '.join(
                        nic['mac'] for nic in system['nics']
                    ),
                }
                for system in node['systems']
            )
        say(
            'The pods themselves, asked past Valence, agree on who has '
            'which nodes:'
        )
        self.show_truth({node['uuid'] for node in self.nodes.values()})

    def show_truth(self, wanted: set[str]) -> None:
        """What nodes the simulators really hold, by the UUIDs they bear."""
        rows = []
        for name, url in self.urls.items():
            state = requests.get(f'{url}/_simulator/state', timeout=30).json()
            rows += [
                {
                    'pod': name,
                    'node': node['uri'],
                    'system': system['uri'],
                    'bears': json.dumps(node),
                }
                for node in state['nodes']
                for system in state['systems']
                if system['node'] == node['uri']
            ]
        bearing = {
            uuid for uuid in wanted for row in rows if uuid in row['bears']
        }
        show(
            {title: row[title] for title in ('pod', 'node', 'system')}
            for row in rows
        )
        if bearing != wanted or len(rows) != len(wanted):
            raise Failed('the pods hold other nodes than Valence')

    def reset(self) -> None:
        before = self.api.look('/v1/nodes/web')['power_state']
        kind, wanted = {'on': ('ForceOff', 'off')}.get(before, ('On', 'on'))
        answer = self.api.call(
            'POST', '/v1/nodes/web/action', {'Reset': {'Type': kind}}, 202
        )
        self.follow(answer['operation_uuid'])
        after = self.api.call('GET', '/v1/nodes/web')['power_state']
        show([{'node': 'web', 'power before': before, 'power now': after}])
        if after != wanted:
            raise Failed(f'the node is {after}, not {wanted}')

    def release(self) -> None:
        for name in self.nodes:
            answer = self.api.call('DELETE', f'/v1/nodes/{name}', status=202)
            self.follow(answer['operation_uuid'])
        left = self.api.call('GET', '/v1/nodes')['nodes']
        show({'node': node['name']} for node in left)
        if left:
            raise Failed('there are still nodes')
        say('The pods themselves hold no nodes any more:')
        self.show_truth(set())

    def lose(self) -> None:
        say(f'The process of east, {self.pods["east"].pid}, is ended.')
        status = self.pods['east'].stop()
        if status:
            raise Failed(f'it ended with status {status}')
        wait('east to be offline', self._east_is('offline'), self.valence)
        self.show_pod_managers()
        podm = self.api.look('/v1/pod_managers/east')
        if not podm['status_reason']:
            raise Failed('nobody says why it is offline')
        if self.api.look('/v1/pod_managers/west')['status'] != 'online':
            raise Failed('west went with it')

    def _east_is(self, status: str) -> Callable[[], bool]:
        return lambda: (
            self.api.look('/v1/pod_managers/east')['status'] == status
        )

    def play(self) -> None:
        """Stay up until somebody has had enough."""
        port = int(self.urls['east'].rpartition(':')[2])
        self.start_pod('east', port)
        wait('east to be online', self._east_is('online'), self.valence)
        body = '{"name": "mine", "properties": {"memory": {}}}'
        json_type = '-H "Content-Type: application/json"'
        print(
            paint('1', 'Yours to play with'),
            f'   Valence      {self.api.url}',
            *(
                f'   {name:12} {url}/redfish/v1 (user {USERNAME}, password '
                f'{PASSWORD})'
                for name, url in self.urls.items()
            ),
            f'   Logs         {self.directory}',
            '',
            f'   curl {self.api.url}/v1/pod_managers',
            f"   curl '{self.api.url}/v1/systems?pod_manager=west&limit=2'",
            f"   curl {json_type} -d '{body}' \\\n"
            f'       {self.api.url}/v1/nodes',
            f'   curl {self.api.url}/v1/nodes/mine',
            f'   curl {self.api.url}/v1/operations',
            f'   curl -X DELETE {self.api.url}/v1/nodes/mine',
            f'   curl {self.api.url}/v1/openapi.json',
            '',
            'Ctrl-C ends it all.',
            sep='\n',
            flush=True,
        )
        while True:
            for process in Process.running:
                if not process.alive():
                    raise Failed(f'{process.name} has ended')
            time.sleep(0.5)


def drives(system: dict[str, Any]) -> str:
    """The local drives of a system in a few words."""
    return ' + '.join(
        f'{drive["capacity_gib"]:.0f} GB {drive["type"] or ""}'.strip()
        for drive in system['drives']
    )


def finish() -> None:
    """End every process, and see that each ends well."""
    statuses = Process.stop_all()
    show(
        {'process': name, 'exit status': status}
        for name, status in statuses.items()
    )
    if any(statuses.values()):
        raise Failed('not every process ended well')


def tell_logs(directory: pathlib.Path) -> None:
    """The last lines of what each process logged."""
    for log in sorted(directory.glob('*.log')):
        print(f'--- {log.name}', file=sys.stderr)
        lines = log.read_text(errors='replace').splitlines()
        print('\n'.join(lines[-15:]), file=sys.stderr)


def interrupted(signum: int, frame: Any) -> NoReturn:
    """Turn a signal into an exception, so that everything is cleaned up."""
    raise KeyboardInterrupt


def run(directory: pathlib.Path) -> int:
    """All steps; the exit status."""
    demo = Demo(directory)
    leave = os.environ.get('DEMO_EXIT', '') not in ('', '0')
    try:
        for number, (step, title) in enumerate(demo.STEPS, 1):
            print(paint('1', f'{number}. {title}'), flush=True)
            getattr(demo, step)()
        if leave:
            print(paint('1', f'{len(demo.STEPS) + 1}. End everything'))
            finish()
            print('Every step did what it said.')
        else:
            demo.play()
    except (Failed, requests.RequestException, KeyError, ValueError) as exc:
        print(paint('31', f'FAILED: {exc or type(exc)}'), file=sys.stderr)
        tell_logs(directory)
        return 1
    except KeyboardInterrupt:
        print('\nEnding everything.')
        return 1 if leave else 0
    return 0


def main() -> int:
    """Run the demo in a directory that goes with it; the exit status."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, interrupted)
    directory = pathlib.Path(tempfile.mkdtemp(prefix='valence-demo-'))
    try:
        return run(directory)
    finally:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        Process.stop_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
