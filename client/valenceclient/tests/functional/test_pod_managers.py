# SPDX-License-Identifier: Apache-2.0
import pathlib

from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes


class PodManagers(base.TestCase):
    def fake(self, name: str, *arguments: str) -> dict:
        """Register a pod manager with the fake driver."""
        self.addCleanup(self.run_valence, 'podmanager delete', name)
        return self.json(
            f'podmanager create {name} --driver fake',
            *('--url', f'http://127.0.0.1/{name}', *arguments),
        )

    def test_lifecycle(self):
        made = self.fake(
            'lifecycle', '--description', 'First one', '--location', 'A'
        )
        self.assertEqual('offline', made['status'])
        self.assertIn(
            made['uuid'],
            [one['uuid'] for one in self.json('podmanager list')],
        )
        output = self.valence(
            'podmanager set lifecycle --name renamed --maintenance',
            *('--unset', 'location'),
        )
        self.assertEqual('', output)
        self.addCleanup(self.run_valence, 'podmanager delete renamed')
        shown = self.json('podmanager show', made['uuid'])
        self.assertEqual(
            ('renamed', 'First one', None, True),
            tuple(
                shown[name]
                for name in ('name', 'description', 'location', 'maintenance')
            ),
        )
        self.assertEqual('', self.valence('podmanager delete renamed'))
        self.assertEqual(
            'Pod manager renamed could not be found.',
            self.fails('podmanager show renamed'),
        )

    def test_wait_for_the_inventory(self):
        made = self.fake('waited', '--wait')
        self.assertEqual('online', made['status'])
        self.assertIsNotNone(made['synced_at'])

    def test_wait_until_it_fails(self):
        self.addCleanup(self.run_valence, 'podmanager delete refused')
        error = self.fails(
            'podmanager create refused --driver rsd --wait',
            *('--url', 'http://127.0.0.1:9'),
        )
        self.assertIn('The pod manager refused is offline: ', error)
        self.assertIn('the connection was refused', error)

    def test_wait_for_what_does_not_answer(self):
        self.addCleanup(self.run_valence, 'podmanager delete silent')
        error = self.fails(
            'podmanager create silent --driver rsd --wait --wait-timeout 8',
            *('--url', 'http://127.0.0.1:9'),
        )
        self.assertIn('is still offline after 8 seconds', error)
        self.assertIn('refused', error)

    def test_password_from_file_is_not_returned(self):
        path = pathlib.Path(processes.directory()) / 'password'
        path.write_text('secret of a file\n')
        output = self.valence(
            'podmanager create quiet --driver fake --url http://127.0.0.1/q',
            *('--username', 'u', '--password-file', str(path), '-f', 'json'),
        )
        self.addCleanup(self.run_valence, 'podmanager delete quiet')
        self.assertNotIn('password', output)
        self.assertNotIn('secret of', output)

    def test_no_password(self):
        path = processes.directory() / 'empty'
        path.write_text('\n')
        create = 'podmanager create none --url http://127.0.0.1/none'
        self.assertIn(
            'is empty', self.fails(f'{create} --password-file {path}')
        )
        self.assertIn(
            'needs a terminal', self.fails(f'{create} --password-prompt')
        )

    def test_the_password_is_not_in_debug_output(self):
        done = self.run_valence(
            'podmanager create shy --driver fake --url http://127.0.0.1/shy '
            '--password-env SECRET --debug',
            SECRET='opensesame',
        )
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn('opensesame', done.stderr)
        self.valence('podmanager delete shy --wait')

    def test_password_prompt(self):
        output = self.run_on_terminal(
            'podmanager create asked --driver fake --username u '
            '--url http://127.0.0.1/asked --password-prompt',
            b'typed in secret\n',
        )
        self.addCleanup(self.run_valence, 'podmanager delete asked')
        self.assertIn('Password of the pod manager: ', output)
        self.assertIn('asked', output)
        self.assertNotIn('typed in secret', output)

    def test_password_on_the_command_line_is_rejected(self):
        done = self.run_valence(
            'podmanager create bad --url http://127.0.0.1/ --password secret'
        )
        self.assertEqual(2, done.returncode)
        self.assertEqual([], self.json('podmanager list --name bad'))

    def test_password_from_unset_variable(self):
        self.fake('var')
        self.assertEqual(
            'The environment variable NO_SUCH is not set.',
            self.fails('podmanager set var --password-env NO_SUCH'),
        )

    def test_wrong_password(self):
        self.pod()
        self.valence(
            'podmanager set pod --password-env WRONG', WRONG='not this one'
        )
        self.addCleanup(
            self.valence,
            'podmanager set pod --password-env RIGHT',
            RIGHT=processes.PASSWORD,
        )
        reason = self.wait_for(
            lambda: self.json('podmanager show pod')['status_reason']
        )
        self.assertIn('wrong user name or password', reason)

    def test_sync_and_wait(self):
        self.pod()
        operation = self.json('podmanager sync pod --wait')
        self.assertEqual('succeeded', operation['state'])
        self.assertEqual(100, operation['progress'])

    def test_delete_continues_after_an_error(self):
        self.fake('several-1')
        self.fake('several-2')
        done = self.run_valence('podmanager delete several-1 nobody several-2')
        self.assertEqual((1, ''), (done.returncode, done.stdout))
        self.assertRegex(
            done.stderr,
            r'^nobody: Pod manager nobody could not be found\. '
            r'\(Request-ID: req-\S+\)\n1 of 3 failed\.\n$',
        )
        self.assertEqual([], self.json('podmanager list --driver fake'))

    def test_access(self):
        self.fake('granted', '--no-is-public')
        self.assertEqual('', self.valence('podmanager access add granted p1'))
        self.assertEqual(
            ['p1'],
            [
                one['project_id']
                for one in self.json('podmanager access list granted')
            ],
        )
        self.valence('podmanager access remove granted p1')
        self.assertEqual([], self.json('podmanager access list granted'))
        self.assertIn(
            'could not be found',
            self.fails('podmanager access remove granted p1'),
        )

    def test_errors_are_one_line(self):
        self.assertEqual(
            'Invalid input for field url: the scheme must be http or https.',
            self.fails('podmanager create bad --url ftp://127.0.0.1/'),
        )
        self.assertEqual(
            'No change was given.', self.fails('podmanager set pod')
        )

    def test_drivers_and_conductors(self):
        drivers = {one['name']: one for one in self.json('driver list')}
        self.assertIn('compose', drivers['rsd']['capabilities'])
        (conductor,) = self.json('conductor list')
        self.assertIn('rsd', conductor['drivers'])
