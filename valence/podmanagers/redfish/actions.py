# SPDX-License-Identifier: Apache-2.0
"""Changes of Redfish resources: actions and PATCH (DSP0266)."""

from collections.abc import Callable

from valence.common import exception
from valence.common.identity import canonical_uri
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import etags
from valence.podmanagers.redfish import nics
from valence.podmanagers.redfish import parts
from valence.podmanagers.redfish import wiring
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects

# Responses to a wrong, or a missing, If-Match.
WRONG_ETAG = (412, 428)
_PATCH_ATTEMPTS = 12
# The forms of an ETag that are tried as a parameter.
_TAG_ATTEMPTS = 4
# The slashes in the shortest path of a collection, /redfish/v1/Systems.
_COLLECTION_DEPTH = 3

# Makes the body of a PATCH from the resource; None: there is nothing to do.
Change = Callable[[JsonObject], JsonObject | None]


def offers(body: JsonObject, suffix: str) -> bool:
    """Whether a resource has an action, by the end of its name."""
    return find(body, suffix) is not None


def find(body: JsonObject, suffix: str) -> JsonObject | None:
    """An action by the end of its name: Intel's own simulator misspells one.

    :returns: None where the resource does not have it.
    """
    for name, found in obj(body.get('Actions')).items():
        if name.endswith(suffix) and isinstance(found, dict):
            return found
    return None


def action(body: JsonObject, suffix: str) -> JsonObject:
    """An action that can be posted, by the end of its name.

    :raises RequestRejected: when the resource does not have it, or when its
        target belongs to another resource.
    """
    found = find(body, suffix)
    if found is None:
        raise exception.RequestRejected(
            reason=f'{link(body)} has no action {suffix.strip(".")}'
        )
    _check_target(link(body), found.get('target'))
    return found


def _check_target(owner: str | None, target: object) -> None:
    """Reject a target below another member of the same collection.

    The path of a service itself may be misspelt, as in DMTF's own mock-ups; it
    is followed unchanged.
    """
    if owner is None or not isinstance(target, str):
        return
    collection, _, own = canonical_uri(owner).rpartition('/')
    path = canonical_uri(target)
    if collection.count('/') < _COLLECTION_DEPTH:
        return
    if not path.startswith(f'{collection}/'):
        return
    member = path[len(collection) + 1 :].partition('/')[0]
    if member not in (own, 'Actions'):
        raise exception.RequestRejected(
            reason=f'the target {target} of an action of {owner} belongs to '
            f'another resource'
        )


def target(offered: JsonObject) -> str:
    """Where an action is posted to: followed, never built.

    :raises RequestRejected: when the action does not say.
    """
    found = offered.get('target')
    if not isinstance(found, str):
        raise exception.RequestRejected(reason='the action has no target')
    return found


def allowable(
    client: Client, offered: JsonObject, name: str, deadline: Deadline
) -> list[object] | None:
    """The allowable values of a parameter of an action.

    They are inline, or in the ActionInfo, which an object or a string links.

    :returns: None where the service does not list them.
    """
    values, uri = listed(offered, name), info(offered)
    if values is not None or uri is None:
        return values
    try:
        return listed_in_info(client.get(uri, deadline), name)
    except exception.ResourceGone:
        return None


def listed(offered: JsonObject, name: str) -> list[object] | None:
    """The allowable values of a parameter that an action itself lists."""
    for annotation in ('@Redfish.AllowableValues', '@DMTF.AllowableValues'):
        values = offered.get(name + annotation)
        if isinstance(values, list):
            return values
    return None


def info(offered: JsonObject) -> str | None:
    """The URI of the ActionInfo of an action, if it has one."""
    return link(offered.get('@Redfish.ActionInfo'))


def listed_in_info(body: JsonObject, name: str) -> list[object] | None:
    """The allowable values of a parameter that an ActionInfo lists."""
    for parameter in objects(body.get('Parameters')):
        values = parameter.get('AllowableValues')
        if parameter.get('Name') == name and isinstance(values, list):
            return values
    return None


def check_allowed(value: str, allowed: list[object] | None) -> None:
    """Refuse a value that a service does not list as allowable.

    :raises RequestRejected: naming the allowable values.
    """
    if allowed is not None and value not in allowed:
        raise exception.RequestRejected(
            reason=f'{value} is not one of {", ".join(map(str, allowed))}'
        )


def management_target(
    client: Client, uri: str, deadline: Deadline
) -> base.ManagementTarget:
    """A computer system as others have to know it to manage it.

    :raises PodManagerUnavailable: when a network interface of it cannot be
        read.
    """
    body = client.get(uri, deadline)
    collection = link(body.get('EthernetInterfaces'))
    with Crawler(client, deadline) as crawler:
        listed = crawler.members(collection) if collection else []
        interfaces = crawler.get_many(listed)
        found = [parts.nic(*one) for one in interfaces.items()]
        if not any(nic['mac'] for nic in found):
            found = nics.below_adapters(crawler, {uri: body})[0][uri]
        for reason in crawler.failed.values():
            raise exception.PodManagerUnavailable(reason=reason)
    known = wiring.read(client, uri, body, interfaces, deadline)
    macs = dict.fromkeys(nic['mac'] for nic in found if nic['mac'])
    connected = {mac: known[mac] for mac in macs if mac in known}
    return base.ManagementTarget(uri, tuple(macs), connected)


def patch(
    client: Client, uri: str, change: Change, deadline: Deadline
) -> Response | None:
    """Change a resource, guarded by its ETag where it has one.

    The ETag is sent as it was received. If the resource has changed since,
    it is read and changed again. If its ETag is unchanged but not accepted,
    the other forms are tried: see ``etags``.

    :returns: the response, which may be an error or a 202; None where there
        was nothing to do.
    """
    refused: list[str | None] = []
    seen: list[str | None] = []
    for _ in range(_PATCH_ATTEMPTS):
        found, tags = client.get_with_etags(uri, deadline)
        body = change(found)
        if body is None:
            return None
        if tags != seen:
            refused, seen = [], tags
        forms = [form for form in etags.forms(tags) if form not in refused]
        if not forms:
            break
        response = client.request(
            'PATCH',
            uri,
            deadline,
            body,
            check=False,
            headers={'If-Match': forms[0]} if forms[0] else None,
        )
        if response.status not in WRONG_ETAG:
            return response
        refused.append(forms[0])
    raise exception.PodManagerUnavailable(
        reason=f'{uri} is changed all the time, or never accepts its ETag'
    )


def write(
    client: Client, uri: str, body: JsonObject, deadline: Deadline
) -> Response:
    """Write properties of a resource; the response, with any status."""
    response = patch(client, uri, lambda found: body, deadline)
    return response or Response(204, {}, None, {})


def post_with_etags(
    client: Client,
    target: str,
    arguments: JsonObject,
    tagged: dict[str, str],
    deadline: Deadline,
) -> Response:
    """Post an action, with the ETags of resources if they are required.

    :param tagged: the URIs of the resources, by the name of the parameter.
    :returns: the response, with any status.
    """
    response = client.request('POST', target, deadline, arguments, check=False)
    for n in range(_TAG_ATTEMPTS):
        if response.status not in WRONG_ETAG:
            break
        tags = {}
        for name, uri in tagged.items():
            _, shown = client.get_with_etags(uri, deadline)
            forms = [form for form in etags.forms(shown) if form]
            tags[name] = forms[min(n, len(forms) - 1)]
        response = client.request(
            'POST', target, deadline, {**arguments, **tags}, check=False
        )
    return response
