# SPDX-License-Identifier: Apache-2.0
"""A Redfish service: passes requests to their resources."""

from __future__ import annotations

import argparse
import json

from aiohttp import web

from valence_simulator import ledger
from valence_simulator import options as command_line
from valence_simulator import values
from valence_simulator.pod import Pod
from valence_simulator.protocol import accounts
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol import metadata
from valence_simulator.protocol import refusals
from valence_simulator.protocol.adapters import Adapters
from valence_simulator.protocol.boot import Boots
from valence_simulator.protocol.delays import Delays
from valence_simulator.protocol.events import EventService
from valence_simulator.protocol.forms import Forms
from valence_simulator.protocol.power import Power
from valence_simulator.protocol.query import Features
from valence_simulator.protocol.query import Query
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Resource
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.sessions import SESSIONS
from valence_simulator.protocol.sessions import Sessions
from valence_simulator.protocol.tasks import Tasks
from valence_simulator.protocol.visibility import Visibility

#: The maximum size of a request body in bytes.
MAX_BODY = 1024 * 1024


class RedfishService:
    """Base class of the Redfish personalities.

    A subclass fills `self.tree` and implements `state`.
    """

    name = ''
    #: Whether resources have ETags, which changes have to match.
    etags = False
    #: Whether the event service supports newer schemas.
    modern_events = False
    #: The default kinds of work that are tasks.
    usual_tasks: tuple[str, ...] = ()
    #: The default reset types and boot targets.
    reset_types: list[str] = []
    boot_targets = ['None', 'Pxe', 'Hdd']

    def __init__(self, options: argparse.Namespace, features: Features):
        self.options = options
        self.pod = Pod(options)
        values.dress(self.pod, options)
        self._own_uuid = self.pod.service_uuid()
        self.tree = Tree(etags=self.etags)
        self.tree.strong = options.strong_etags
        self.forms = Forms(self.tree, options)
        self.ledger = ledger.Ledger()
        self.query = Query(self.tree, features)
        self.sessions = Sessions(self.tree, options)
        self.delays = Delays()
        self.power = Power(self.delays, options, self.reset_types)
        self.visibility = Visibility(self.tree, options, self.delays)
        self.tasks = Tasks(
            self.tree, options, self.usual_tasks, self.delays, self.notify
        )
        self.adapters = Adapters(self.tree, options, self.modern_events)
        self.boots = Boots(self, self.boot_targets)
        self.events = EventService(
            self.tree, options, self.modern_events, self.delays
        )
        self.events.spell = self.forms.spell
        accounts.add(self.tree, options.username)
        metadata.add(self.tree)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Process a request, including errors."""
        try:
            answer = await self._answer(request)
        except errors.RedfishError as error:
            answer = refusals.refusal(self.options.errors, error)
        self.forms.send(answer)
        return answer

    def state(self) -> dict:
        """Return sessions and events; a subclass adds its own state."""
        return {
            'service_uuid': self.service_uuid,
            'sessions': [
                {'uri': s.uri, 'username': s.username}
                for s in self.sessions.alive()
            ],
            'tasks': self.tasks.state(),
            **self.events.state(),
        }

    @property
    def root(self) -> str:
        """Return the external path of the service root."""
        return f'{self.options.prefix.rstrip("/")}{ROOT}'

    @property
    def service_uuid(self) -> str:
        """Return the UUID of the service root."""
        uuid = self.options.service_uuid or self._own_uuid
        return values.uuid_as(uuid, self.options.uuids)

    def echoed(self, text: str | None, otherwise: str | None) -> str | None:
        """Return a text of a client as the service shows it.

        :param otherwise: what to show if the service does not return texts.
        """
        if text is None or not self.options.echo:
            return otherwise
        return text[: self.options.echo_limit or None]

    def restart(self, forget: bool = False) -> None:
        """Lose the sessions and, unless they are kept, the subscriptions."""
        self.sessions.clear()
        self.tasks.restart()
        self.events.restart()

    async def close(self) -> None:
        """End streams, deliveries and delayed work."""
        self.delays.close()
        await self.events.close()

    def finish(self) -> int:
        """Complete all delayed work now; return its number."""
        return self.delays.finish()

    def notify(self, event_type: str, uri: str, **properties: object) -> None:
        """Send an event about a resource."""
        self.events.notify(event_type, uri, **properties)

    def emit_events(self, events: list[dict], repeat: int, **how) -> int:
        """Send custom events; return their number."""
        return self.events.emit(events, repeat, **how)

    def write_streams(self, text: str | None) -> int:
        """Write a text to all streams, or end them; return their number."""
        streams = self.events.streams
        if text is None:
            return streams.end()
        streams.write(text)
        return len(streams)

    def deliver(self, text: str, parallel: int) -> int:
        """POST a text to all subscribers; return their number."""
        return self.events.deliver(text, parallel)

    def change(self, uri: str, properties: dict) -> None:
        """Merge properties into a resource; KeyError if it does not exist."""
        resource = self.tree[uri]
        subscription = self.events.find(uri)
        if subscription is not None:
            state = properties.get('Status', {}).get('State')
            self.events.disable(subscription, state == 'Disabled')
            return
        rest = self.change_model(uri, dict(properties))
        resource.overlay.update(rest)
        resource.changed()
        self.notify('ResourceUpdated', uri)

    def refuse(self) -> None:
        """Reject compositions if ``--refuse-compose`` is set.

        :raises RedfishError: with that status.
        """
        status = self.options.refuse_compose
        if status == 405:
            raise errors.method_not_allowed('POST', 'GET, HEAD')
        if status is not None:
            raise errors.RedfishError(
                status, 'Base.1.0.GeneralError', 'Nothing is composed here.'
            )

    def created(self, call: Call, uri: str) -> web.Response:
        """Return 201 with the created URI, or with the one of a fault."""
        named = call.instead or uri
        resource = self.tree.get(named)
        if resource is None:
            return web.Response(
                status=201, headers={**answers.COMMON, 'Location': named}
            )
        return answers.created(resource)

    def compose(self, body: dict) -> str:
        """Compose like another client."""
        return self.other_client.compose(body)

    def move(self, part: str, to: str | None) -> None:
        """Move a part from its owner to another one."""
        self.other_client.move(part, to)

    def reserve(self, body: dict) -> str:
        """Reserve parts like another client."""
        if not hasattr(self.other_client, 'reserve'):
            raise ValueError('nothing can be reserved here')
        return self.other_client.reserve(body)

    def target_of(self, uri: str) -> str | None:
        """Return the URI of the composable resource of a path."""
        return None

    def change_model(self, uri: str, properties: dict) -> dict:
        """Apply properties to the model; others are only shown."""
        return properties

    def set_options(self, **options: object) -> None:
        """Change command line options, by their names."""
        changes = {n: command_line.checked(n, v) for n, v in options.items()}
        for name, value in changes.items():
            setattr(self.options, name, value)
            if hasattr(self.query.features, name):
                setattr(self.query.features, name, value)
            elif name == 'strong_etags':
                self.tree.strong = value
            elif name == 'event_retry_seconds':
                self.events.tries.interval = value
        values.dress(self.pod, self.options)
        self.events.streams.schedule()
        self.tree.all_changed()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        uri = _normalize(request.method, self.forms.resolve(request))
        if request.headers.get('OData-Version', '4.0') != '4.0':
            raise errors.precondition_failed()
        resource = self.tree.get(uri)
        if self.visibility.is_unreadable(uri):
            resource = None
        entry = ledger.current()
        if entry is not None:
            entry.resource = self.target_of(uri)
            entry.composition = self.ledger.at(entry.resource)
        username = self._authenticate(request, resource)
        if entry is not None:
            entry.user = username
        if resource is None:
            raise errors.not_found(uri)
        if request.method in ('GET', 'HEAD'):
            return await self._read(request, resource)
        handler = resource.handlers.get(request.method)
        if handler is None:
            raise errors.method_not_allowed(request.method, resource.allow)
        self._check_etag(request, resource)
        body = await _body_of(request)
        return await handler(Call(request, resource, body, username))

    def _check_etag(
        self, request: web.BaseRequest, resource: Resource
    ) -> None:
        """:raises RedfishError: 412, or 428 if If-Match is required."""
        if not resource.etags or request.method not in ('PATCH', 'PUT'):
            return
        expected = request.headers.get('If-Match')
        if expected is None:
            if self.options.require_etag:
                raise errors.precondition_required()
        elif expected not in ('*', resource.etag):
            raise errors.precondition_failed()

    def _authenticate(
        self, request: web.BaseRequest, resource: Resource | None
    ) -> str | None:
        method = request.method
        if resource is not None and method in ('GET', 'HEAD'):
            if resource.public:
                return None
        elif method == 'POST' and resource is not None:
            if resource.uri == SESSIONS:
                return None
        return self.sessions.authenticate(request)

    async def _read(
        self, request: web.BaseRequest, resource: Resource
    ) -> web.StreamResponse:
        if resource.render is None:
            raise errors.method_not_allowed(request.method, resource.allow)
        if 'GET' in resource.handlers:
            return await resource.handlers['GET'](Call(request, resource, {}))
        if resource.etags and resource.etag == request.headers.get(
            'If-None-Match'
        ):
            return web.Response(status=304, headers=resource.headers)
        features = self.query.features
        if request.query_string or (
            features.page_size and 'Members' in resource.document
        ):
            return answers.read(
                self.query.apply(resource.uri, request.query), resource
            )
        return answers.ok(resource)


def _normalize(method: str, path: str) -> str:
    """Return the URI of a request, by the rules of DSP0266."""
    uri = path.rstrip('/') or '/'
    if method == 'POST':
        # A POST to Members creates a member of the collection.
        uri = uri.removesuffix('/Members')
    return uri


async def _body_of(request: web.BaseRequest) -> dict:
    """Return the JSON object of a request; empty without a body."""
    if (request.content_length or 0) > MAX_BODY:
        raise errors.RedfishError(
            413, 'Base.1.0.GeneralError', 'The body is too long.'
        )
    data = await request.read()
    if not data:
        return {}
    kind = request.content_type
    if kind not in ('application/json', 'application/octet-stream'):
        raise errors.RedfishError(
            415,
            'Base.1.0.GeneralError',
            f'The body must be application/json, not {kind}.',
        )
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise errors.malformed_json() from error
    if not isinstance(body, dict):
        raise errors.malformed_json()
    return body
