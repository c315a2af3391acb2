# SPDX-License-Identifier: Apache-2.0
import uuid

from valence.common import identity
from valence.tests import base

UUID = '1c0e7a3c-9d5e-4a51-8a0e-2f4bd7f0c9aa'


class TestUri(base.TestCase):
    def test_spellings_of_one_resource(self):
        for spelling in (
            '/redfish/v1/Systems/system-3',
            '/redfish/v1/Systems/system-3/',
            'http://10.0.0.1:8443/redfish/v1/Systems/system-3',
            'HTTPS://pod.example//redfish/v1/Systems/system-3?x=1',
            '//pod.example/redfish/v1/Systems/system-3',
            '/redfish/v1/Systems/system%2D3',
            '/redfish/v1/Systems/system%2d3#/Status',
            '/redfish/v1//Systems/system-3',
            '//redfish/v1/Systems/system-3',
            '/redfish/v1/Chassis/../Systems/system-3',
            '/redfish/v1/Systems/system-3?$expand=.',
        ):
            self.assertEqual(
                '/redfish/v1/Systems/system-3',
                identity.canonical_uri(spelling),
                spelling,
            )

    def test_the_root_of_the_service_is_taken_off(self):
        for spelling in (
            '/east/redfish/v1/Nodes/1',
            '/redfish/v1/Nodes/1/',
            'https://proxy/east/redfish/v1/Nodes/1',
        ):
            self.assertEqual(
                '/redfish/v1/Nodes/1',
                identity.canonical_uri(spelling, '/east'),
                spelling,
            )
        self.assertEqual(
            '/eastern/x', identity.canonical_uri('/eastern/x', '/east')
        )

    def test_different_resources_stay_different(self):
        self.assertEqual(
            8,
            len(
                {
                    identity.canonical_uri(uri)
                    for uri in (
                        '/redfish/v1/Systems/1',
                        '/redfish/v1/Systems/11',
                        '/redfish/v1/systems/1',
                        '/redfish/v1/Systems/a%2Fb',
                        '/redfish/v1/Systems/a/b',
                        '/redfish/v1/Systems/%C3%A4',
                        '/redfish/v1/Systems/a%20b',
                        '/',
                    )
                }
            ),
        )

    def test_no_uri(self):
        for text in ('http://[bad', 'http://h:port/'):
            self.assertRaises(ValueError, identity.canonical_uri, text)


class TestUuid(base.TestCase):
    def test_spellings(self):
        for spelling in (
            UUID,
            UUID.upper(),
            f'{{{UUID}}}',
            uuid.UUID(UUID).hex,
            f'urn:uuid:{UUID}',
            f' {UUID}\n',
        ):
            self.assertEqual(UUID, identity.canonical_uuid(spelling), spelling)
            self.assertEqual(UUID, identity.identifying_uuid(spelling))

    def test_not_a_uuid(self):
        for value in (None, 7, '', 'system-1', UUID[:-1], ['a']):
            self.assertIsNone(identity.canonical_uuid(value))
        self.assertEqual('sys-7', identity.identifying_uuid('SYS-7'))

    def test_placeholder_values(self):
        for value in (
            '00000000-0000-0000-0000-000000000000',
            'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
            '0' * 32,
            '11111111-1111-1111-1111-111111111111',
            '03000200-0400-0500-0006-000700080009',
            '{12345678-1234-5678-90AB-CDDEEFAABBCC}',
            '92384634-2938-2342-8820-489239905423',
            'Not Specified',
            '  ',
            None,
        ):
            self.assertIsNone(identity.identifying_uuid(value), value)

    def test_serial_numbers(self):
        for value in (
            *('', ' ', None, 0, '0', '00000000', 'N/A', 'None'),
            *('To be filled by O.E.M.', 'xxxxxxxx', '----', '0123456789'),
        ):
            self.assertIsNone(identity.serial(value), value)
        self.assertEqual('CZ 12', identity.serial('  CZ  12 '))


class TestUrl(base.TestCase):
    def test_spellings_of_one_service(self):
        for spelling in (
            'http://h',
            'HTTP://H/',
            'http://h:80',
            'http://H:80//',
            'http://h/eem',
            'http://h/redfish',
            'http://h./redfish/v1/',
        ):
            self.assertEqual(
                'http://h', identity.canonical_url(spelling), spelling
            )
        self.assertEqual(
            'https://[fe80::1]:8443/east',
            identity.canonical_url('https://[FE80::1]:8443/east/redfish/v1'),
        )

    def test_different_services(self):
        urls = (
            *('http://h', 'https://h', 'http://h:8080', 'http://h2'),
            *('http://h/east', 'http://h/west', 'http://h/redfish/v2'),
        )
        self.assertEqual(
            len(urls), len({identity.canonical_url(url) for url in urls})
        )


class TestMark(base.TestCase):
    def test_round_trip(self):
        mark = identity.Mark(UUID, '0123456789ab')
        self.assertEqual(57, len(str(mark)))
        for text in (str(mark), f'rack 7 {mark} x', str(mark).upper()):
            self.assertEqual(mark, identity.find_mark(text))

    def test_the_form_without_installation(self):
        for text in (
            f'Valence node {UUID}',
            f'valence-{UUID}',
            f'r7 valence-{UUID.upper()}',
        ):
            self.assertEqual(identity.Mark(UUID), identity.find_mark(text))

    def test_no_mark(self):
        for text in (None, 5, '', UUID, f'valence:xyz:{UUID}', 'valence:'):
            self.assertIsNone(identity.find_mark(text))

    def test_text_around_a_mark_stays(self):
        mark = identity.Mark(UUID, '0123456789ab')
        self.assertEqual('r7 x', identity.without_mark(f'r7 {mark}  x'))
