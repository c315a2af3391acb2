# SPDX-License-Identifier: Apache-2.0
"""Refusals, collections, ETags and sessions in other forms."""

from __future__ import annotations

import json

from valence_simulator.tests import base
from valence_simulator.tests.redfish import RedfishTestCase

ROOT = '/redfish/v1'
NODES = f'{ROOT}/Nodes'
SYSTEMS = f'{ROOT}/Systems'
CHASSIS = f'{ROOT}/Chassis'
BLOCKS = f'{ROOT}/CompositionService/ResourceBlocks'
SESSIONS = f'{ROOT}/SessionService/Sessions'
PXE = {'BootSourceOverrideTarget': 'Pxe'}


class FormsTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '4')

    async def refusal(self, form: str) -> tuple[object, str]:
        """A refusal in a form, and the type of its content."""
        await self.options(errors=form)
        status, body, headers = await self.post(
            f'{SYSTEMS}/system-1/Actions/ComputerSystem.Reset',
            {'ResetType': 'Sideways'},
        )
        self.assertEqual(400, status)
        return body, headers.get('Content-Type', '')

    async def test_refusals(self):
        body, _ = await self.refusal('args')
        self.assertIn('See @Message.ExtendedInfo', body['error']['message'])
        (info,) = body['error']['@Message.ExtendedInfo']
        self.assertEqual(
            {
                'MessageId': 'Base.1.0.PropertyValueNotInList',
                'MessageArgs': ['Sideways', 'ResetType'],
            },
            info,
        )
        body, _ = await self.refusal('code')
        self.assertEqual(['code'], list(body['error']))
        body, _ = await self.refusal('message')
        self.assertEqual(['message'], list(body))
        body, kind = await self.refusal('text')
        self.assertIn('text/plain', kind)
        self.assertIn(b'Sideways', body)
        body, kind = await self.refusal('html')
        self.assertIn('text/html', kind)
        self.assertIn(b'<h1>', body)
        body, kind = await self.refusal('text-json')
        self.assertIn('text/plain', kind)
        self.assertIn('error', json.loads(body))
        body, _ = await self.refusal('empty')
        self.assertFalse(body)

    async def test_a_method_without_a_word(self):
        await self.options(errors='empty')
        status, body, headers = await self.request('PATCH', SYSTEMS, json={})
        self.assertEqual((405, b''), (status, body))
        self.assertEqual('GET, HEAD', headers['Allow'])

    async def test_members(self):
        await self.options(members='links', page_size=3)
        systems = await self.get(SYSTEMS)
        self.assertNotIn('Members', systems)
        self.assertEqual(4, systems['Links']['Members@odata.count'])
        self.assertEqual(3, len(systems['Links']['Members']))
        rest = await self.get(systems['Links']['Members@odata.nextLink'])
        self.assertEqual(1, len(rest['Links']['Members']))
        await self.options(members='object')
        node = await self.get(SYSTEMS)
        self.assertEqual(3, len(node['Members']))
        uri = f'{SYSTEMS}/system-1/Processors'
        self.assertEqual(
            {'@odata.id': f'{uri}/cpu-1'}, (await self.get(uri))['Members']
        )
        self.assertEqual(1, (await self.get(uri))['Members@odata.count'])

    async def test_the_next_page(self):
        await self.options(page_size=3)
        for how, name, link in (
            ('plain', 'Members@odata.nextLink', f'{SYSTEMS}?$skip=3'),
            (
                'absolute',
                'Members@odata.nextLink',
                f'{self.url}{SYSTEMS}?$skip=3',
            ),
            ('relative', 'Members@odata.nextLink', '?$skip=3'),
            (
                'object',
                'Members@odata.nextLink',
                {'@odata.id': f'{SYSTEMS}?$skip=3'},
            ),
            ('unprefixed', '@odata.nextLink', f'{SYSTEMS}?$skip=3'),
        ):
            await self.options(next_link=how)
            self.assertEqual(link, (await self.get(SYSTEMS))[name])

    async def test_sessions(self):
        login = {'UserName': 'a', 'Password': 'b'}
        await self.options(session_location=False, session_limit=1)
        status, body, headers = await self.post(SESSIONS, login)
        self.assertEqual(201, status)
        self.assertNotIn('Location', headers)
        self.assertEqual(f'{SESSIONS}/1', body['@odata.id'])
        status, body, _ = await self.post(SESSIONS, login)
        self.assertEqual(
            (503, 'Base.1.0.SessionLimitExceeded'),
            (status, body['error']['code']),
        )
        await self.options(
            session_full_status=400,
            session_full_message_id='IDRAC.2.4.RAC0218',
        )
        status, body, _ = await self.post(SESSIONS, login)
        self.assertEqual(
            (400, 'IDRAC.2.4.RAC0218'), (status, body['error']['code'])
        )
        await self.request('DELETE', f'{SESSIONS}/1')
        self.assertEqual(201, (await self.post(SESSIONS, login))[0])

    async def test_a_session_that_is_forbidden(self):
        await self.order(
            path=SYSTEMS, fault='expire-session', value=403, count=1
        )
        self.assertEqual(403, (await self.request('GET', SYSTEMS))[0])

    async def test_identities(self):
        uri = f'{SYSTEMS}/system-1'
        plain = await self.get(uri)
        for form, shown in (
            ('upper', plain['UUID'].upper()),
            ('braces', '{' + plain['UUID'] + '}'),
            ('bare', plain['UUID'].replace('-', '')),
        ):
            await self.options(uuids=form)
            self.assertEqual(shown, (await self.get(uri))['UUID'])
        root = await self.get(ROOT)
        self.assertNotIn('-', root['UUID'])
        await self.options(system_serial='To be filled by O.E.M.')
        system = await self.get(uri)
        self.assertEqual('To be filled by O.E.M.', system['SerialNumber'])
        await self.options(identity='none')
        system = await self.get(uri)
        self.assertEqual(
            (None, None), (system['UUID'], system['SerialNumber'])
        )

    async def test_all_systems_have_one_uuid(self):
        await self.options(system_uuid='03000200-0400-0500-0006-000700080009')
        shown = {
            (await self.get(f'{SYSTEMS}/system-{n}'))['UUID'] for n in (1, 2)
        }
        self.assertEqual(1, len(shown))


class EtagsTestCase(RedfishTestCase):
    arguments = (
        '--personality',
        'redfish',
        '--systems',
        '1',
        '--require-etag',
    )

    async def patch(self, etag: str | None) -> int:
        headers = {} if etag is None else {'If-Match': etag}
        status, _, _ = await self.request(
            'PATCH',
            f'{BLOCKS}/compute-1',
            json={'CompositionStatus': {'Reserved': True}},
            headers=headers,
        )
        return status

    async def tags(self) -> tuple[str | None, str | None]:
        """The ETags of header and body."""
        _, block, headers = await self.request('GET', f'{BLOCKS}/compute-1')
        return headers.get('ETag'), block.get('@odata.etag')

    async def test_forms(self):
        await self.options(strong_etags=True)
        for form, shown in (
            ('right', '"{}"'),
            ('quoted', '""{}""'),
            ('suffix', '"{}-gzip"'),
            ('bare', '{}'),
        ):
            await self.options(etag_header=form)
            header, body = await self.tags()
            self.assertEqual(shown.format(body.strip('"')), header)
            if form != 'right':
                self.assertEqual(412, await self.patch(header))
            self.assertEqual(428, await self.patch(None))
            self.assertEqual(200, await self.patch(body))
        await self.options(etag_header='missing')
        header, body = await self.tags()
        self.assertIsNone(header)
        self.assertEqual(200, await self.patch(body))
        await self.options(etag_header='right', etag_body='missing')
        header, body = await self.tags()
        self.assertIsNone(body)
        self.assertEqual(200, await self.patch(header))
        await self.options(etag_body='quoted')
        header, body = await self.tags()
        self.assertEqual(f'"{header}"', body)
        await self.options(strong_etags=False)
        self.assertTrue((await self.tags())[0].startswith('W/'))


class WritingMixin:
    """Boot objects, which are written where a service wants them."""

    async def make(self) -> str:
        raise NotImplementedError

    async def patch(self, uri: str, boot: dict, **more) -> tuple:
        status, body, _ = await self.request(
            'PATCH', uri, json={'Boot': boot, **more}
        )
        return status, body

    async def boot(self, uri: str) -> dict:
        return (await self.get(uri))['Boot']

    async def reset(self, uri: str) -> None:
        kind = (await self.get(uri))['@odata.type'].rsplit('.', 1)[1]
        await self.post(
            f'{uri}/Actions/{kind}.Reset', {'ResetType': 'ForceRestart'}
        )

    async def settings_of(self, uri: str) -> str:
        """Return the URI of the settings object, which is used from now."""
        await self.options(settings_object=True)
        shown = (await self.get(uri))['@Redfish.Settings']
        return shown['SettingsObject']['@odata.id']

    async def check_target(self, uri: str, target: str) -> None:
        boot = await self.boot(uri)
        self.assertEqual(target, boot['BootSourceOverrideTarget'])

    async def test_a_settings_object(self):
        uri = await self.make()
        self.assertNotIn('@Redfish.Settings', await self.get(uri))
        self.assertEqual(
            404, (await self.request('GET', f'{uri}/Settings'))[0]
        )
        settings = await self.settings_of(uri)
        status, body = await self.patch(uri, PXE)
        self.assertEqual(
            (400, 'Base.1.0.PropertyNotWritable', 'Boot'),
            (
                status,
                body['error']['code'],
                body['error']['@Message.ExtendedInfo'][0]['MessageArgs'][0],
            ),
        )
        self.assertEqual(200, (await self.patch(settings, PXE))[0])
        await self.check_target(uri, 'Pxe')

    async def test_apply_times(self):
        uri = await self.make()
        settings = await self.settings_of(uri)
        await self.patch(settings, PXE)
        await self.options(apply_time='OnReset')
        hdd = {'BootSourceOverrideTarget': 'Hdd'}
        self.assertEqual(200, (await self.patch(settings, hdd))[0])
        await self.check_target(uri, 'Pxe')
        await self.check_target(settings, 'Hdd')
        await self.reset(uri)
        await self.check_target(uri, 'Hdd')
        at_once = {'@Redfish.SettingsApplyTime': {'ApplyTime': 'Immediate'}}
        await self.patch(settings, PXE, **at_once)
        await self.check_target(uri, 'Pxe')

    async def test_invalid_settings(self):
        settings = await self.settings_of(await self.make())
        for body in (
            {'Name': 'x'},
            {'Boot': {'BootSourceOverrideTarget': 'Floppy'}},
            {'Boot': {}, '@Redfish.SettingsApplyTime': {'ApplyTime': 'x'}},
            {'Boot': {}, '@Redfish.SettingsApplyTime': 1},
        ):
            status, _, _ = await self.request('PATCH', settings, json=body)
            self.assertEqual(400, status)

    async def test_the_mode_is_forgotten(self):
        uri = await self.make()
        await self.options(forget_boot_mode=True)
        await self.patch(uri, {'BootSourceOverrideTarget': 'Pxe'})
        boot = await self.boot(uri)
        self.assertEqual('Legacy', boot['BootSourceOverrideMode'])
        await self.patch(uri, {'BootSourceOverrideMode': 'UEFI'})
        boot = await self.boot(uri)
        self.assertEqual('UEFI', boot['BootSourceOverrideMode'])

    async def test_boot_targets_and_modes(self):
        uri = await self.make()
        await self.options(
            boot_targets=['None', 'UefiHttp'], boot_modes=['UEFI']
        )
        boot = await self.boot(uri)
        self.assertEqual(
            (['None', 'UefiHttp'], ['UEFI'], None),
            (
                boot['BootSourceOverrideTarget@Redfish.AllowableValues'],
                boot['BootSourceOverrideMode@Redfish.AllowableValues'],
                boot['HttpBootUri'],
            ),
        )
        for change, status in (
            ({'BootSourceOverrideTarget': 'Pxe'}, 400),
            ({'BootSourceOverrideMode': 'Legacy'}, 400),
            ({'HttpBootUri': 7}, 400),
            (
                {
                    'BootSourceOverrideTarget': 'UefiHttp',
                    'HttpBootUri': 'http://192.0.2.1/i.efi',
                },
                200,
            ),
        ):
            self.assertEqual(status, (await self.patch(uri, change))[0])
        boot = await self.boot(uri)
        self.assertEqual('http://192.0.2.1/i.efi', boot['HttpBootUri'])

    async def test_reset_types(self):
        uri = await self.make()
        types = ['On', 'ForceOff', 'PushPowerButton']
        await self.options(reset_types=types)
        actions = (await self.get(uri))['Actions']
        (reset,) = (v for k, v in actions.items() if k.endswith('.Reset'))
        self.assertEqual(types, reset['ResetType@Redfish.AllowableValues'])
        for kind, status, power in (
            ('Nmi', 400, 'On'),
            ('PushPowerButton', 204, 'Off'),
            ('PushPowerButton', 204, 'On'),
        ):
            got, _, _ = await self.post(reset['target'], {'ResetType': kind})
            self.assertEqual(status, got)
            self.assertEqual(power, (await self.get(uri))['PowerState'])


class RedfishWritingTestCase(WritingMixin, RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '1')

    async def make(self) -> str:
        return await self.compose('compute-1')


class RsdWritingTestCase(WritingMixin, base.SimulatorTestCase):
    arguments = ('--systems', '1')

    async def make(self) -> str:
        return (await self.control('compose'))['uri']

    async def test_pending_settings_go_with_the_node(self):
        await self.options(settings_object=True, apply_time='OnReset')
        uri = await self.make()
        await self.patch(
            f'{uri}/Settings', {'BootSourceOverrideTarget': 'Pxe'}
        )
        await self.request('DELETE', uri)
        uri = await self.make()
        await self.reset(uri)
        boot = await self.boot(uri)
        self.assertEqual('None', boot['BootSourceOverrideTarget'])


class RsdSystemWritingTestCase(WritingMixin, base.SimulatorTestCase):
    arguments = ('--systems', '1')

    async def make(self) -> str:
        await self.control('compose')
        return f'{SYSTEMS}/system-1'


class EemFormsTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'eem', '--systems', '1')

    async def test_refusals(self):
        for form, kind in (
            ('redfish', 'application/json'),
            ('message', 'application/json'),
            ('text-json', 'text/plain'),
            ('html', 'text/html'),
        ):
            await self.options(errors=form)
            status, _, headers = await self.request('GET', '/eem/none')
            self.assertEqual(404, status)
            self.assertIn(kind, headers['Content-Type'])
