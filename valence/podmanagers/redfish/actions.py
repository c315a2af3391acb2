# SPDX-License-Identifier: Apache-2.0
"""Changing what a Redfish service shows: actions, PATCH, tasks (DSP0266)."""

from collections.abc import Callable
from typing import Any

from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.redfish.resources import text
from valence.podmanagers.wire.client import Answer

LOG = log.getLogger(__name__)


_PATCHES = 6


_WRONG_ETAG = (412, 428)


# What of Decommission erases what users stored; the less the better.
_ERASING = ('UserData', 'All')


# Makes the body of a PATCH of the resource as it is; None: all is well.
Change = Callable[[dict[str, Any]], dict[str, Any] | None]


def offers(body: dict[str, Any], suffix: str) -> bool:
    """Whether a resource has an action, by the end of its name."""
    return any(
        name.endswith(suffix) and isinstance(action, dict)
        for name, action in obj(body.get('Actions')).items()
    )


def action(body: dict[str, Any], suffix: str) -> dict[str, Any]:
    """An action by the end of its name: Intel's own simulator misspells one.

    :raises RequestRejected: when the resource does not offer it.
    """
    for name, found in obj(body.get('Actions')).items():
        if name.endswith(suffix) and isinstance(found, dict):
            return found
    raise exception.RequestRejected(
        reason=f'{link(body)} offers no action {suffix.strip(".")}'
    )


def target(body: dict[str, Any], suffix: str) -> str:
    """Where an action is posted to: followed, never built.

    :raises RequestRejected: when the resource does not offer it.
    """
    found = action(body, suffix).get('target')
    if not isinstance(found, str):
        raise exception.RequestRejected(
            reason=f'the action {suffix.strip(".")} has no target'
        )
    return found


def allowable(
    client: Client, offered: dict[str, Any], name: str, deadline: base.Deadline
) -> list[Any] | None:
    """The values that a parameter of an action can have.

    They stand inline, or in the ActionInfo, which is linked by an object or
    by a mere string.

    :returns: None where the service does not tell.
    """
    for note in ('@Redfish.AllowableValues', '@DMTF.AllowableValues'):
        values = offered.get(name + note)
        if isinstance(values, list):
            return values
    info = link(offered.get('@Redfish.ActionInfo'))
    if info is None:
        return None
    try:
        parameters = client.get(info, deadline).get('Parameters')
    except exception.ResourceGone:
        return None
    for parameter in parameters if isinstance(parameters, list) else ():
        values = obj(parameter).get('AllowableValues')
        if obj(parameter).get('Name') == name and isinstance(values, list):
            return values
    return None


def check_allowed(value: str, allowed: list[Any] | None) -> None:
    """Refuse what a service says it does not take.

    :raises RequestRejected: naming what it takes.
    """
    if allowed is not None and value not in allowed:
        raise exception.RequestRejected(
            reason=f'{value} is not one of {", ".join(map(str, allowed))}'
        )


def reset(
    client: Client,
    body: dict[str, Any],
    reset_type: str,
    deadline: base.Deadline,
) -> None:
    """Switch a system or node on or off, or restart it.

    :raises RequestRejected: for a type that it does not know.
    """
    offered = action(body, '.Reset')
    check_allowed(
        reset_type, allowable(client, offered, 'ResetType', deadline)
    )
    client.post(target(body, '.Reset'), {'ResetType': reset_type}, deadline)


def decommission(client: Client, uri: str, deadline: base.Deadline) -> bool:
    """Erase what users stored on a system, if it offers that (DSP2046).

    Only what is erased so that nobody can read it again counts. A service
    that cannot do that says 501, maybe after it has begun.

    :returns: whether all of it is erased.
    """
    body = client.get(uri, deadline)
    if not offers(body, '.Decommission'):
        return False
    offered = action(body, '.Decommission')
    told = allowable(client, offered, 'DecommissionTypes', deadline)
    kind = next((k for k in _ERASING if told is None or k in told), None)
    if kind is None:
        return False
    arguments: dict[str, Any] = {
        'DecommissionTypes': [kind],
        'RequireSecureErase': True,
    }
    target_uri = target(body, '.Decommission')
    answer = client.request(
        'POST', target_uri, deadline, arguments, check=False
    )
    if answer.status in _WRONG_ETAG:
        found = client.request('GET', uri, deadline)
        tag = found.headers.get('ETag') or text(found.body.get('@odata.etag'))
        arguments['ComputerSystemETag'] = tag
        answer = client.request(
            'POST', target_uri, deadline, arguments, check=False
        )
    watched = tasks.monitor(answer)
    try:
        if answer.status == 202 and watched is not None:
            answer = tasks.wait(client, watched, deadline)
        client.check(answer, target_uri)
    except (exception.PodManagerUnavailable, exception.AuthenticationFailed):
        raise
    except exception.PodManagerError as exc:
        LOG.warning('%s cannot be erased: %s', uri, exc)
        return False
    return True


def set_boot(
    client: Client,
    uri: str,
    enabled: str,
    boot_target: str,
    deadline: base.Deadline,
) -> None:
    """Choose what a system or node boots from.

    :raises RequestRejected: for a target that it does not know.
    """

    def change(body: dict[str, Any]) -> dict[str, Any]:
        allowed = obj(body.get('Boot')).get(
            'BootSourceOverrideTarget@Redfish.AllowableValues'
        )
        if enabled != 'Disabled' and isinstance(allowed, list):
            check_allowed(boot_target, allowed)
        boot = {'BootSourceOverrideEnabled': enabled}
        if enabled != 'Disabled':
            boot['BootSourceOverrideTarget'] = boot_target
        return {'Boot': boot}

    answer = patch(client, uri, change, deadline)
    if answer is not None:
        client.check(answer, uri)


def management_target(
    client: Client, uri: str, deadline: base.Deadline
) -> base.ManagementTarget:
    """A computer system as somebody else has to know it who is to drive it.

    :raises PodManagerUnavailable: when an interface of it cannot be read.
    """
    collection = link(client.get(uri, deadline).get('EthernetInterfaces'))
    macs: list[str] = []
    if collection is not None:
        with Crawler(client, deadline, expand=False) as crawler:
            found = crawler.get_many(crawler.members(collection))
            for reason in crawler.failed.values():
                raise exception.PodManagerUnavailable(reason=reason)
        macs = [
            mac
            for where, body in found.items()
            if (mac := resources.nic(where, body)['mac'])
        ]
    return base.ManagementTarget(uri, tuple(dict.fromkeys(macs)))


def patch(
    client: Client, uri: str, change: Change, deadline: base.Deadline
) -> Answer | None:
    """Change a resource, guarded by its ETag where it has one.

    When it was changed meanwhile it is read again, and the change made anew.
    An unchanged tag that is not taken is tried in its other forms: services
    differ about weak and strong ones.

    :returns: the answer, which may say no or be a 202; None where nothing
        was to do.
    """
    refused: list[str | None] = []
    for _ in range(_PATCHES):
        found = client.request('GET', uri, deadline)
        body = change(found.body)
        if body is None:
            return None
        tag = found.headers.get('ETag') or text(found.body.get('@odata.etag'))
        if tag not in refused:
            refused = []
        forms = [form for form in _forms(tag) if form not in refused]
        if not forms:
            break
        answer = client.request(
            'PATCH',
            uri,
            deadline,
            body,
            check=False,
            headers={'If-Match': forms[0]} if forms[0] else None,
        )
        if answer.status not in _WRONG_ETAG:
            return answer
        refused.append(forms[0])
    raise exception.PodManagerUnavailable(
        reason=f'{uri} changes all the time, or its ETag is never right'
    )


def _forms(tag: str | None) -> tuple[str | None, ...]:
    """What If-Match can say, the best first."""
    if tag is None:
        return None, '*'
    other = tag.removeprefix('W/') if tag.startswith('W/') else f'W/{tag}'
    return tag, other, None
