# SPDX-License-Identifier: Apache-2.0
"""Send requests to compose, and read their responses (DSP2050)."""

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers.composition.methods import COMPOSE
from valence.podmanagers.composition.methods import Method
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects

# The name of the request that reserves blocks.
_RESERVE = 'reserve'
# Messages of the Composition registry 1.1 which say that these blocks cannot
# be composed now.
_NO_MATCH = (
    'NoResourceMatch',
    'ResourceBlockInUse',
    'SpecifiedResourceAlreadyReserved',
    'ConstrainedResourceAlreadyReserved',
    'ResourceBlockInvalid',
    'ResourceBlockNotFound',
    'IncompatibleZone',
)


def is_reserving(client: Client, progress: Progress) -> bool:
    """Whether an earlier call has begun to reserve the blocks."""
    return Job(client, progress, _RESERVE).running


def send(
    client: Client,
    method: Method,
    body: JsonObject,
    deadline: Deadline,
    progress: Progress,
) -> Response:
    """Request a system.

    Blocks are reserved before a manifest is applied, where the service lists
    that request type: some services compose when asked for a preview.

    :raises InProgress: while the service is reserving the blocks.
    :raises NoMatch: when the blocks cannot be composed now.
    """
    if method.kind != 'manifest':
        return _post(client, method.target, body, deadline)
    reservation = None
    if method.reserves:
        reservation = reserve(client, method, body, deadline, progress)
    return _post(
        client,
        method.target,
        _manifest('Apply', _stanza(body), reservation),
        deadline,
    )


def _stanza(body: JsonObject) -> JsonObject:
    """The stanza of a manifest that requests a system."""
    return {
        'StanzaType': 'ComposeSystem',
        'StanzaId': 'Valence',
        'Request': body,
    }


def reserve(
    client: Client,
    method: Method,
    body: JsonObject,
    deadline: Deadline,
    progress: Progress,
) -> str | None:
    """Reserve the blocks of a request; the ID of the reservation.

    :param body: the request for a system, as a manifest has it.
    :raises InProgress: while the service is reserving them.
    :raises NoMatch: when they cannot be composed now.
    """
    job = Job(client, progress, _RESERVE)
    manifest = _manifest('PreviewReserve', _stanza(body))
    try:
        preview = job.resume(deadline) or job.send(
            lambda: client.request(
                'POST', method.target, deadline, manifest, check=False
            ),
            deadline,
        )
    except tasks.TaskFailed as exc:
        raise refusal(exc) from exc
    check(preview, method.target)
    job.forget()
    # Also raises what a stanza has failed with.
    created_uri(preview)
    found = preview.body.get('ReservationId')
    return found if isinstance(found, str) else None


def apply(
    client: Client,
    service: JsonObject,
    stanza: JsonObject,
    reservation: str,
    deadline: Deadline,
) -> Response:
    """Compose what was reserved before.

    :param service: the CompositionService.
    """
    target = actions.target(actions.action(service, COMPOSE))
    body = _manifest('Apply', stanza, reservation)
    return _post(client, target, body, deadline)


def _post(
    client: Client, uri: str, body: JsonObject, deadline: Deadline
) -> Response:
    response = client.request('POST', uri, deadline, body, check=False)
    check(response, uri)
    return response


def poll(client: Client, watched: tasks.Watch, deadline: Deadline) -> Response:
    """The final response of a task.

    :raises NoMatch: when it says that the blocks cannot be composed now.
    """
    try:
        return tasks.poll(client, watched, deadline).response
    except tasks.TaskFailed as exc:
        raise refusal(exc) from exc


def refusal(failed: tasks.TaskFailed) -> exception.PodManagerError:
    """A task that failed, as the exception that its reason stands for."""
    if errors.message_ids(failed.response).intersection(_NO_MATCH):
        return exception.NoMatch(reason=str(failed))
    return failed


def _manifest(
    request_type: str, stanza: JsonObject, reservation: str | None = None
) -> JsonObject:
    """The body of the Compose action with a manifest of one stanza."""
    result: JsonObject = {
        'RequestFormat': 'Manifest',
        'RequestType': request_type,
        'Manifest': {
            'Description': 'Valence',
            'Expand': 'None',
            'Stanzas': [stanza],
        },
    }
    if reservation is not None:
        result['ReservationId'] = reservation
    return result


def created_uri(response: Response) -> str | None:
    """The URI of the system that a successful response names.

    It is in the Location header, in the body, or in the response of a
    manifest's stanza.

    :raises PodManagerError: when a stanza has failed.
    """
    stanzas = obj(response.body.get('Manifest')).get('Stanzas')
    if isinstance(stanzas, list):
        for result in (obj(one.get('Response')) for one in objects(stanzas)):
            if 'error' in result:
                failed = Response(400, result, None, {})
                raise _no_match(failed) or exception.RequestRejected(
                    reason=errors.message(failed)
                )
            if link(result):
                return link(result)
        return None
    return tasks.created_uri(response)


def check(response: Response, uri: str) -> None:
    """Raise the exception that an error response to composing stands for.

    :raises NoMatch: when the blocks cannot be composed now.
    :raises PodManagerError: for anything else.
    """
    refusal = _no_match(response)
    if refusal is not None:
        raise refusal
    errors.check(response, uri)


def _no_match(response: Response) -> exception.NoMatch | None:
    if not 400 <= response.status < 500:
        return None
    conflict = response.status == 409
    if conflict or errors.message_ids(response).intersection(_NO_MATCH):
        return exception.NoMatch(reason=errors.message(response))
    return None
