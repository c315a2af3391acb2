# SPDX-License-Identifier: Apache-2.0
"""The REST API of NEC's ExpEther Manager (EEM).

Every request is authenticated with user name and password. A device's
``update_time``, sent with a change, is an optimistic lock on the device.
"""

import urllib.parse

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.progress import Deadline
from valence.podmanagers.wire import client
from valence.podmanagers.wire import refusals
from valence.podmanagers.wire.values import entries
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import text

ROOT = '/eem'
DEVICES = f'{ROOT}/devices'
GROUPS = f'{ROOT}/groups'
_GET_ATTEMPTS = 2
_UNAVAILABLE = (429, 502, 503, 504)

# Devices by URI.
Devices = dict[str, JsonObject]


class Client:
    """Requests to one ExpEther Manager, from any number of threads."""

    def __init__(self, connection: base.Connection) -> None:
        path = urllib.parse.urlsplit(connection.url).path.rstrip('/')
        self._http = client.Http(
            connection,
            prefix=path.removesuffix(ROOT),
            # There is one large response: all devices.
            shrink=lambda body: body,
        )

    def version(self, deadline: Deadline) -> client.Response:
        """The version of the API, requested without authentication."""
        return self._http.send('GET', f'{ROOT}/api_version', deadline)

    def get(self, uri: str, deadline: Deadline) -> JsonObject:
        """Read a resource.

        :raises ResourceGone: when it does not exist.
        """
        for attempt in range(1, _GET_ATTEMPTS + 1):
            try:
                return self._request('GET', uri, deadline)
            except exception.PodManagerUnavailable:
                if attempt == _GET_ATTEMPTS or deadline.left() <= 0:
                    raise
        raise AssertionError

    def devices(self, deadline: Deadline) -> Devices:
        """All devices that can be identified, in one request."""
        return self.listed(deadline)[0]

    def listed(self, deadline: Deadline) -> tuple[Devices, int]:
        """All devices, and how many of those listed are without an ID."""
        body = self.get(f'{DEVICES}/detail', deadline)
        found = entries(body.get('devices'), 'id')
        if found is None:
            raise exception.MalformedResponse(
                reason='the response has no list of devices'
            )
        devices: Devices = {}
        nameless = 0
        for device in map(obj, found):
            ident = text(device.get('id'))
            if ident and ident.isprintable() and not set(ident) & set('/?#'):
                devices[f'{DEVICES}/{ident}'] = device
            else:
                nameless += 1
        return devices, nameless

    def device(self, uri: str, deadline: Deadline) -> JsonObject:
        """One device.

        :raises ResourceGone: when the manager does not know it.
        """
        return obj(self.get(uri, deadline).get('device'))

    def set_group(
        self,
        uri: str,
        group: str,
        device: JsonObject,
        deadline: Deadline,
    ) -> None:
        """Put a device into a group.

        :param device: the device as it was read.
        :raises NoMatch: when it has changed since.
        """
        body = {'group_id': group}
        if device.get('update_time') is not None:
            body['update_time'] = str(device['update_time'])
        self._request('PUT', f'{uri}/group_id', deadline, body)

    def delete_group(
        self, uri: str, device: JsonObject, deadline: Deadline
    ) -> None:
        """Take a device out of its group.

        :param device: the device as it was read.
        :raises NoMatch: when it has changed since.
        """
        query = ''
        if device.get('update_time') is not None:
            query = f'?update_time={device["update_time"]}'
        self._request('DELETE', f'{uri}/group_id{query}', deadline)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _request(
        self,
        method: str,
        uri: str,
        deadline: Deadline,
        body: JsonObject | None = None,
    ) -> JsonObject:
        response = self._http.send(method, uri, deadline, body, basic=True)
        if response.status < 300:
            return response.body
        raise _error(response, uri)


def _error(response: client.Response, uri: str) -> exception.PodManagerError:
    """The exception that an error response stands for."""
    status = response.status
    known = refusals.said(response.body, response.text)
    message = known or refusals.phrase(status)
    if status == 403:
        return exception.AuthenticationFailed(
            f'access denied: {message}', reason=message
        )
    if status == 401:
        return exception.AuthenticationFailed(reason=message)
    if status == 404:
        return exception.ResourceGone(uri=uri)
    if status == 409:
        return exception.NoMatch(reason=message)
    reason = f'the ExpEther Manager responded with {refusals.phrase(status)}'
    reason += f': {known}' if known else ''
    if status in _UNAVAILABLE:
        return exception.PodManagerUnavailable(reason=reason)
    if status >= 500:
        return exception.PodManagerError(reason=reason)
    if status == 405:
        message = f'{uri} does not allow it ({refusals.phrase(status)})' + (
            f': {known}' if known else ''
        )
    return exception.RequestRejected(reason=message)
