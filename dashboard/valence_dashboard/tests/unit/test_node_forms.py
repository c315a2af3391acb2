# SPDX-License-Identifier: Apache-2.0
import testtools

from valence_dashboard.project.nodes import forms

_ALLOWABLE = {
    'reset_types': ['ForceOff', 'On', 'FullPowerCycle'],
    'boot_targets': ['Hdd', 'UefiShell'],
    'boot_modes': ['UEFI'],
}


class NodeForms(testtools.TestCase):
    def choices(self, form, name, allowable):
        """Return the values that a form offers for a node."""
        shown = form(None, record={'allowable': allowable})
        return [value for value, _label in shown.fields[name].choices]

    def test_what_the_pod_manager_allows(self):
        for form, name, offered in (
            # In the order of the API, which has to know them.
            (forms.Power, 'Type', ['On', 'ForceOff']),
            (forms.Boot, 'Target', ['Hdd', 'UefiShell']),
            (forms.Boot, 'Mode', ['', 'UEFI']),
        ):
            self.assertEqual(offered, self.choices(form, name, _ALLOWABLE))

    def test_what_is_unknown_may_be_allowed(self):
        for allowable in (None, {}, dict.fromkeys(_ALLOWABLE)):
            types = self.choices(forms.Power, 'Type', allowable)
            self.assertIn('PushPowerButton', types)
            self.assertEqual(
                list(forms.Boot.TARGETS),
                self.choices(forms.Boot, 'Target', allowable),
            )
            self.assertEqual(
                ['', 'UEFI', 'Legacy'],
                self.choices(forms.Boot, 'Mode', allowable),
            )

    def test_nothing_is_allowed(self):
        none = dict.fromkeys(_ALLOWABLE, [])
        self.assertEqual([''], self.choices(forms.Power, 'Type', none))
        self.assertEqual([''], self.choices(forms.Boot, 'Target', none))
        self.assertEqual([''], self.choices(forms.Boot, 'Mode', none))

    def test_what_was_last_set(self):
        last = {'enabled': 'Continuous', 'target': 'Hdd', 'mode': None}
        for boot, shown in (
            (last, ('Continuous', 'Hdd')),
            (None, ('Once', None)),
        ):
            form = forms.Boot(None, record={'boot': boot})
            values = [form.fields[n].initial for n in ('Enabled', 'Target')]
            self.assertEqual(shown, (*values,))

    def test_what_is_sent(self):
        sent = []

        class Client:
            def boot_node(self, *args):
                sent.append(args)

        record = type('Record', (dict,), {'id': '1', 'name': 'n'})()
        for more, values in (
            ({}, (None, None)),
            ({'Mode': 'UEFI'}, ('UEFI', None)),
            ({'HttpBootUri': 'http://b/'}, (None, 'http://b/')),
        ):
            data = {'Enabled': 'Once', 'Target': 'Pxe', **more}
            form = forms.Boot(None, data, record=record)
            self.assertTrue(form.is_valid(), form.errors)
            form.send(Client(), form.cleaned_data)
            self.assertEqual(('1', 'Once', 'Pxe', *values), sent.pop())

    def test_ports_to_register(self):
        sent = []

        class Client:
            def register_node(self, uuid, **options):
                sent.append(options)

        record = type('Record', (dict,), {'id': '1', 'name': 'n'})()
        for text, options in (
            ('', {}),
            (' [{"address": "a"}] ', {'ports': [{'address': 'a'}]}),
        ):
            given = {'ports': text, 'traits': 'CUSTOM_ONE, CUSTOM_TWO'}
            options = {**options, 'traits': ['CUSTOM_ONE', 'CUSTOM_TWO']}
            form = forms.Register(None, given, record=record)
            self.assertTrue(form.is_valid(), form.errors)
            form.send(Client(), form.cleaned_data)
            self.assertEqual(options, sent.pop())
        for text in ('[x', 'x', 'not a list'):
            form = forms.Register(None, {'ports': text}, record=record)
            self.assertIn('ports', form.errors)
