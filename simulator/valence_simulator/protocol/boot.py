# SPDX-License-Identifier: Apache-2.0
"""The boot settings of a system, and where they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.tasks import Work

APPLY = '@Redfish.SettingsApplyTime'
APPLY_TIMES = ['Immediate', 'OnReset']
MODE = 'BootSourceOverrideMode'
TARGET = 'BootSourceOverrideTarget'
MODES = ['Legacy', 'UEFI']
#: The target that also has HttpBootUri.
HTTP = 'UefiHttp'


def initial() -> dict:
    """Return the Boot object of a system without changes."""
    return {
        'BootSourceOverrideEnabled': 'Disabled',
        TARGET: 'None',
        MODE: 'UEFI',
    }


class Bootable(Protocol):
    """Something with a Boot object."""

    boot: dict


class Boots:
    """Checks, stores and renders Boot objects.

    :param service: has the options, the tree and the tasks.
    :param targets: the default boot targets, without ``--boot-targets``.
    """

    def __init__(self, service, targets: list[str]):
        self._service = service
        self._options = service.options
        self._usual = targets
        #: The settings to apply at the next reset, by machine.
        self._pending: dict[int, dict] = {}

    @property
    def values(self) -> dict[str, list[str]]:
        """Return the valid values of each property."""
        return {
            'BootSourceOverrideEnabled': ['Disabled', 'Once', 'Continuous'],
            TARGET: self._options.boot_targets or self._usual,
            MODE: self._options.boot_modes,
        }

    def check(self, boot: object) -> None:
        """:raises RedfishError: 400 if it is not a Boot object."""
        if not isinstance(boot, dict):
            raise errors.property_type('Boot', boot)
        values = self.values
        for name, value in boot.items():
            if name == 'HttpBootUri' and HTTP in values[TARGET]:
                if value is not None and not isinstance(value, str):
                    raise errors.property_type(f'Boot/{name}', value)
            elif name not in values:
                raise errors.property_unknown(f'Boot/{name}')
            elif value not in values[name]:
                raise errors.property_value(f'Boot/{name}', value)

    def check_patch(self, boot: object) -> None:
        """Check whether a Boot object can be written to the machine itself.

        :raises RedfishError: 400 if it cannot.
        """
        if self._options.settings_object:
            raise errors.property_not_writable('Boot')
        self.check(boot)

    def update(self, machine: Bootable, boot: dict) -> None:
        """Apply a valid Boot object."""
        if boot and self._options.forget_boot_mode:
            boot = {MODE: 'Legacy', **boot}
        machine.boot.update(boot)

    def clear(self, machine: Bootable) -> None:
        """Restore the defaults."""
        self._pending.pop(id(machine), None)
        machine.boot.update(
            {'BootSourceOverrideEnabled': 'Disabled', TARGET: 'None'}
        )

    def render(self, machine: Bootable) -> dict:
        """Return the Boot object of a machine with its allowable values."""
        values, more = self.values, {}
        if HTTP in values[TARGET]:
            more = {'HttpBootUri': machine.boot.get('HttpBootUri')}
        return {
            **machine.boot,
            **more,
            f'{TARGET}@Redfish.AllowableValues': values[TARGET],
            f'{MODE}@Redfish.AllowableValues': values[MODE],
        }

    # The settings object

    def annotation(self, uri: str) -> dict:
        """Return the reference to the settings object."""
        if not self._options.settings_object:
            return {}
        return {
            '@Redfish.Settings': {
                '@odata.type': '#Settings.v1_3_0.Settings',
                'SettingsObject': {'@odata.id': f'{uri}/Settings'},
                'SupportedApplyTimes': APPLY_TIMES,
            }
        }

    def add_settings(
        self,
        uri: str,
        kind: str,
        machine: Bootable,
        changed: Callable[[], None],
    ) -> None:
        """Add the settings object of a machine below its resource."""
        settings = SettingsObject(
            self, f'{uri}/Settings', kind, machine, changed
        )
        self._service.tree.add(
            settings.uri,
            settings.render,
            when=lambda: self._options.settings_object,
            get=settings.show,
            patch=settings.patch,
        )

    def pending(self, machine: Bootable) -> dict:
        """Return the settings that wait for a reset."""
        return self._pending.get(id(machine), {})

    def defer(self, machine: Bootable, boot: dict) -> None:
        """Keep settings until the next reset."""
        self._pending.setdefault(id(machine), {}).update(boot)

    def apply(self, machine: Bootable) -> None:
        """Apply the settings that wait for a reset."""
        self.update(machine, self._pending.pop(id(machine), {}))

    async def run(
        self, call: Call, work: Work, unchanged: Work
    ) -> web.Response:
        """Change settings, as a task if required."""
        return await self._service.tasks.run(
            call, 'patch', 'Change settings', work, unchanged=unchanged
        )

    def checked_settings(self, body: dict) -> tuple[dict, str]:
        """Return Boot object and apply time of a PATCH of the settings.

        :raises RedfishError: 400 if the body is invalid.
        """
        for name in body:
            if name not in ('Boot', APPLY):
                raise errors.property_not_writable(name)
        when = body.get(APPLY, {})
        if not isinstance(when, dict):
            raise errors.property_type(APPLY, when)
        time = when.get('ApplyTime', self._options.apply_time)
        if time not in APPLY_TIMES:
            raise errors.property_value(f'{APPLY}/ApplyTime', time)
        self.check(body.get('Boot'))
        return body['Boot'], time


class SettingsObject:
    """The settings object of a machine.

    :param changed: called when settings have been applied.
    """

    def __init__(
        self,
        boots: Boots,
        uri: str,
        kind: str,
        machine: Bootable,
        changed: Callable[[], None],
    ):
        self.uri = uri
        self._boots = boots
        self._kind = kind
        self._machine = machine
        self._changed = changed

    def render(self) -> dict:
        """Return the document: the Boot object after the next reset."""
        boot = {**self._machine.boot, **self._boots.pending(self._machine)}
        return document(self.uri, self._kind, 'Settings', Boot=boot)

    async def show(self, call: Call) -> web.Response:
        """Handle GET."""
        return self._shown(call)

    async def patch(self, call: Call) -> web.Response:
        """Handle PATCH: apply the settings now, or at the next reset."""
        boot, time = self._boots.checked_settings(call.body)

        def work() -> web.Response:
            if time == 'OnReset':
                self._boots.defer(self._machine, boot)
            else:
                self._boots.update(self._machine, boot)
                self._changed()
            return self._shown(call)

        return await self._boots.run(call, work, lambda: self._shown(call))

    @staticmethod
    def _shown(call: Call) -> web.Response:
        call.resource.changed()
        return answers.ok(call.resource)
