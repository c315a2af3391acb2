# SPDX-License-Identifier: Apache-2.0
"""Tasks, jobs and values in the words of one vendor only."""

from valence.common import exception
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.progress import InProgress
from valence.podmanagers.redfish import etags
from valence.tests.contract import case
from valence.tests.contract import odd
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import block
from valence.tests.fixtures.odd_service import link

_SYSTEM = f'{SYSTEMS}/1'
_JOB = f'{ROOT}/JobService/Jobs/JID_1'


class WordsCase(odd.OddCase):
    def setUp(self):
        super().setUp()
        self.service.made(
            {
                'Name': str(odd.MARK),
                'Links': {'ResourceBlocks': [link(f'{BLOCKS}/host')]},
            }
        )
        self.system = self.pages[_SYSTEM]
        target = f'{_SYSTEM}/Actions/ComputerSystem.Reset'
        self.system['Actions'] = {'#ComputerSystem.Reset': {'target': target}}
        self.pages[f'POST {target}'] = Reply(202, None, Location=_JOB)
        self.journal = case.Journal()

    def reset(self):
        self.driver.reset(
            _SYSTEM, 'ForceOff', self.soon(), self.journal.progress()
        )

    def set_boot(self):
        return self.driver.set_boot(
            _SYSTEM,
            BootOverride('Once', 'Pxe'),
            self.soon(),
            self.journal.progress(),
        )


class TasksTestCase(WordsCase):
    def test_what_is_not_the_end(self):
        for state in ('Running', 'running', 'Validating', 'Waiting', 'Queued'):
            for shown in ({'TaskState': state}, {'JobState': state}):
                self.pages[_JOB] = {**shown, 'PercentComplete': 40}
                self.journal = case.Journal()
                going = self.assertRaises(InProgress, self.reset)
                self.assertEqual(40, going.percent, shown)
                self.assertIn(state, going.reason)
                # It is not taken for the end by another process either.
                self.connect()
                self.assertRaises(InProgress, self.reset)
        self.assertEqual(
            10, sum(one.startswith('POST') for one in self.service.asked)
        )

    def test_jobs_that_succeed(self):
        for shown in (
            {'JobState': 'Completed', 'JobStatus': 'OK'},
            {'JobState': 'completed', 'Message': 'Job completed.'},
            {'TaskState': 'completed', 'TaskStatus': 'ok'},
        ):
            self.system['PowerState'] = 'On'
            self.pages[_JOB] = {'JobState': 'New'}
            self.journal = case.Journal()
            self.assertRaises(InProgress, self.reset)
            self.system['PowerState'] = 'OFF'
            self.pages[_JOB] = shown
            self.reset()

    def test_jobs_that_fail(self):
        for shown in (
            {'JobState': 'Failed', 'Message': 'The fan is broken.'},
            {'JobState': 'CompletedWithErrors', 'Message': 'fan is broken'},
            {'JobState': 'Completed with errors', 'Message': 'fan is broken'},
            {
                'JobState': 'Completed',
                'JobStatus': 'Critical',
                'Messages': [{'Message': 'The fan is broken.'}],
            },
            {
                'TaskState': 'Completed',
                'TaskStatus': 'error',
                'Messages': ['The fan is broken.'],
            },
        ):
            self.pages[_JOB] = shown
            self.journal = case.Journal()
            failure = self.assertRaises(exception.PodManagerError, self.reset)
            self.assertIn('fan is broken', str(failure))


class SettingsTestCase(WordsCase):
    """Settings that a task applies at the next reset."""

    def test_a_task_that_waits_for_a_reset(self):
        place = f'{_SYSTEM}/Settings'
        self.system['Boot'] = {'BootSourceOverrideTarget': 'None'}
        self.system['@Redfish.Settings'] = {
            'SettingsObject': link(place),
            'SupportedApplyTimes': ['OnReset'],
        }
        self.pages[place] = {'Id': 'Settings', 'Boot': {}}
        self.pages[f'PATCH {place}'] = Reply(202, None, Location=_JOB)
        self.pages[_JOB] = {'JobState': 'Scheduled'}
        self.assertRaises(InProgress, self.set_boot)
        self.pages[place]['Boot'] = {
            'BootSourceOverrideEnabled': 'Once',
            'BootSourceOverrideTarget': 'Pxe',
        }
        self.assertEqual('OnReset', self.set_boot())
        self.assertEqual(1, self.service.asked.count(f'PATCH {place}'))


class ValuesTestCase(WordsCase):
    def test_power_and_health_in_any_case(self):
        for shown, known in (('ON', 'on'), ('off', 'off'), ('Paused', None)):
            self.system['PowerState'] = shown
            node = self.driver.read_node(_SYSTEM, self.soon())
            self.assertEqual(known or 'unknown', node.power_state)
        self.pages[f'{BLOCKS}/disk']['Status'] = {'Health': 'CRITICAL'}
        (disk,) = self.discover().devices
        self.assertEqual('unavailable', disk.values['state'])

    def test_accelerators_in_any_case(self):
        part = f'{BLOCKS}/disk/Processors/1'
        self.pages[f'{BLOCKS}/disk'] = block(
            'disk', 'Processor', Processors=[link(part)]
        )
        for shown, known in (
            ('GPU', 'gpu'),
            ('gpu', 'gpu'),
            ('Fpga', 'fpga'),
            ('DSP', 'processor'),
        ):
            self.pages[part] = {'Id': '1', 'ProcessorType': shown}
            (device,) = self.discover().devices
            self.assertEqual(known, device.values['type'])

    def test_reservations_in_any_form(self):
        for shown in (True, 'true', 'True'):
            status = self.pages[f'{BLOCKS}/disk']['CompositionStatus']
            status['Reserved'] = shown
            (disk,) = self.discover().devices
            self.assertEqual('used', disk.values['state'], shown)

    def test_an_etag_that_is_never_right(self):
        """It is given up in the end, where the service requires any."""
        for tags in ([], ['"1"']):
            self.assertEqual([None, '*'], etags.forms(tags)[-2:])
