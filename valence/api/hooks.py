# SPDX-License-Identifier: Apache-2.0
"""What happens around every request."""

from typing import Any

import orjson
import pecan
from oslo_config import cfg
from pecan import hooks

from valence.api import versions
from valence.common import context
from valence.common import exception


class Request(pecan.Request):
    """A request whose JSON body is parsed once, and only as JSON."""

    @property
    def json(self) -> dict[str, Any]:
        """For Pecan, which asks for the body of every JSON request."""
        return self.json_object

    @property
    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object.

        :raises UnsupportedMediaType: when it is not said to be JSON.
        :raises InvalidBody: when it is something else.
        """
        if 'valence.body' not in self.environ:
            self.environ['valence.body'] = self._parse()
        return self.environ['valence.body']

    def _parse(self) -> dict[str, Any]:
        body = self.body
        if not body.strip():
            return {}
        if self.content_type not in ('', 'application/json'):
            raise exception.UnsupportedMediaType(
                content_type=self.content_type[:64]
            )
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise exception.InvalidBody(
                reason=f'is not JSON: {exc.msg} at character {exc.pos}'
            ) from None
        if not isinstance(parsed, dict):
            raise exception.InvalidBody(reason='is not a JSON object')
        return parsed


class ContextHook(hooks.PecanHook):
    """Find out who asks, and for which version of the API."""

    def on_route(self, state: Any) -> None:
        request = state.request
        minor = versions.requested(request)
        if cfg.CONF.auth_strategy == 'noauth':
            ctx = context.admin()
            ctx.request_id = request.environ.get('openstack.request_id')
        else:
            ctx = context.RequestContext.from_environ(request.environ)
            ctx.is_admin = 'admin' in ctx.roles
        request.context.update(valence=ctx, minor=minor)
        state.response.headers['OpenStack-API-Version'] = (
            f'{versions.SERVICE_TYPE} 1.{minor}'
        )
        state.response.headers['Vary'] = 'OpenStack-API-Version'
