# SPDX-License-Identifier: Apache-2.0
"""Boot overrides of systems and nodes, and where they are written.

A service may want them written to the resource that ``@Redfish.Settings``
names, from which it applies them later.
"""

from typing import NamedTuple

import orjson

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import obj

_ENABLED = 'BootSourceOverrideEnabled'
TARGET = 'BootSourceOverrideTarget'
MODE = 'BootSourceOverrideMode'
_HTTP_URI = 'HttpBootUri'
_ALLOWABLE = '@Redfish.AllowableValues'
_APPLY_TIME = '@Redfish.SettingsApplyTime'
# The apply times that need nothing else, the earliest first.
_APPLY_TIMES = ('Immediate', 'OnReset')
# What is recorded: the properties as they are written.
_VALUES = 'boot_values'


class Place(NamedTuple):
    """Where a service wants Boot to be written.

    :param uri: of the system, or of its settings object.
    :param apply_time: the one to request; None: none can be requested.
    """

    uri: str
    apply_time: str | None


def settings(body: JsonObject) -> str | None:
    """The URI of the settings object of a system, if it has one."""
    return link(obj(body.get('@Redfish.Settings')).get('SettingsObject'))


def place(uri: str, body: JsonObject) -> Place:
    """Where to write the Boot of a system."""
    target = settings(body)
    if target is None:
        return Place(uri, None)
    described = obj(body.get('@Redfish.Settings'))
    offered = array(described.get('SupportedApplyTimes'))
    return Place(
        target, next((when for when in _APPLY_TIMES if when in offered), None)
    )


def allowed(name: str, *bodies: JsonObject) -> list[object] | None:
    """The allowable values of a property of Boot; None: not listed.

    :param bodies: the system, then its settings object: the first one that
        lists them counts.
    """
    for body in bodies:
        found = obj(body.get('Boot')).get(f'{name}{_ALLOWABLE}')
        if isinstance(found, list):
            return found
    return None


def set_boot(
    client: Client,
    uri: str,
    override: BootOverride,
    deadline: Deadline,
    progress: Progress,
) -> str | None:
    """Choose what a system or node boots from.

    :returns: when it takes effect, if the service has settings: the apply
        time, or Later where none can be requested.
    :raises InProgress: until it shows.
    :raises RequestRejected: for what it does not support.
    """
    job = Job(client, progress, 'boot')
    body = client.get(uri, deadline)
    where = place(uri, body)
    effect = None if where.uri == uri else where.apply_time or 'Later'
    known = progress.get(_VALUES)
    values = (
        orjson.loads(known)
        if known
        else _values(body, _pending(client, uri, where, deadline), override)
    )
    progress.record(_VALUES, orjson.dumps(values).decode())
    try:
        response = job.run(
            lambda: _write(client, where, values, override, deadline), deadline
        )
    except InProgress:
        # A task may apply the settings at the next reset only.
        if effect is None or _different(client, uri, where, values, deadline):
            raise
        return effect
    if response is not None:
        errors.check(response, where.uri)
    different = _different(client, uri, where, values, deadline)
    if different:
        raise job.explained(Settling('; '.join(different)))
    return effect


def _pending(
    client: Client, uri: str, where: Place, deadline: Deadline
) -> JsonObject:
    """The settings object of a system; an empty one if it has none."""
    return client.get(where.uri, deadline) if where.uri != uri else {}


def _values(
    body: JsonObject, pending: JsonObject, override: BootOverride
) -> dict[str, object]:
    """The properties of Boot to write.

    What is not requested stays unchanged: a mode that the service shows is
    sent along, because some fall back to Legacy without it.

    :param pending: the settings object.
    :raises RequestRejected: for what the system does not support.
    """
    boot = obj(body.get('Boot'))
    values: dict[str, object] = {_ENABLED: override.enabled}
    actions.check_allowed(override.enabled, allowed(_ENABLED, body, pending))
    if override.enabled != 'Disabled':
        targets = allowed(TARGET, body, pending)
        actions.check_allowed(override.target, targets)
        values[TARGET] = override.target
    modes = allowed(MODE, body, pending)
    if override.mode is not None:
        actions.check_allowed(override.mode, modes)
        values[MODE] = override.mode
    elif isinstance(boot.get(MODE), str):
        if modes is None or boot[MODE] in modes:
            values[MODE] = boot[MODE]
    if override.http_boot_uri is not None:
        if _HTTP_URI not in boot:
            raise exception.RequestRejected(
                reason=f'{link(body)} has no {_HTTP_URI}'
            )
        values[_HTTP_URI] = override.http_boot_uri
    return values


def _write(
    client: Client,
    where: Place,
    values: dict[str, object],
    override: BootOverride,
    deadline: Deadline,
) -> Response:
    """Write Boot; without what was not requested, if that is rejected."""
    more = {}
    if where.apply_time is not None:
        more = {_APPLY_TIME: {'ApplyTime': where.apply_time}}

    def send(boot: dict[str, object]) -> Response:
        return actions.write(
            client, where.uri, {'Boot': boot, **more}, deadline
        )

    response = send(values)
    if response.status == 400 and override.mode is None and MODE in values:
        response = send({k: v for k, v in values.items() if k != MODE})
    return response


def _different(
    client: Client,
    uri: str,
    where: Place,
    values: dict[str, object],
    deadline: Deadline,
) -> list[str]:
    """What neither the system nor its settings object shows as written."""
    shown = obj(client.get(uri, deadline).get('Boot'))
    pending = obj(_pending(client, uri, where, deadline).get('Boot'))
    return [
        f'{name} is {shown.get(name)}, not {value}'
        for name, value in values.items()
        if value not in (shown.get(name), pending.get(name))
    ]
