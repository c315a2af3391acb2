# SPDX-License-Identifier: Apache-2.0
"""The REST interface of NEC's ExpEther Manager, and what its fields mean.

Every request bears user name and password. A device's ``update_time``, sent
back with a change, is an optimistic lock on it.
"""

import urllib.parse
from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.redfish.resources import text
from valence.podmanagers.wire import client

ROOT = '/eem'
DEVICES = f'{ROOT}/devices'
GROUPS = f'{ROOT}/groups'
# Group ids that can be given out, and those of devices without a group.
GROUP_IDS = range(16, 4093)
FREE_BOX = '4093'
NEW_SERVER = '4094'
_GET_ATTEMPTS = 2
# What a box holds, by the first byte of its PCIe class code.
_KINDS = {
    0x01: 'drive',
    0x02: 'nic',
    0x03: 'gpu',
    0x04: 'multimedia',
    0x06: 'bridge',
    0x0C: 'serial_bus',
    0x12: 'accelerator',
}
_NVME = 0x0108


class Client:
    """Requests to one ExpEther Manager, from any number of threads."""

    def __init__(self, connection: base.Connection) -> None:
        path = urllib.parse.urlsplit(connection.url).path.rstrip('/')
        self._http = client.Http(connection, prefix=path.removesuffix(ROOT))

    def version(self, deadline: base.Deadline) -> client.Answer:
        """The version of the interface, asked for without a login."""
        return self._http.send('GET', f'{ROOT}/api_version', deadline)

    def get(self, uri: str, deadline: base.Deadline) -> dict[str, Any]:
        """Read something.

        :raises ResourceGone: when it is not there.
        """
        for attempt in range(1, _GET_ATTEMPTS + 1):
            try:
                return self._request('GET', uri, deadline)
            except exception.PodManagerUnavailable:
                if attempt == _GET_ATTEMPTS or deadline.left() <= 0:
                    raise
        raise AssertionError

    def devices(
        self, deadline: base.Deadline, since: str | None = None
    ) -> dict[str, dict[str, Any]]:
        """All devices by URI, in one request.

        :param since: only those whose update time is later.
        """
        query = f'?update_time={since}' if since else ''
        body = self.get(f'{DEVICES}/detail{query}', deadline)
        listed = body.get('devices')
        if not isinstance(listed, list):
            raise exception.MalformedAnswer(
                reason='the list of devices is not one'
            )
        return {
            f'{DEVICES}/{device["id"]}': device
            for device in map(obj, listed)
            if isinstance(device.get('id'), str) and device['id']
        }

    def device(self, uri: str, deadline: base.Deadline) -> dict[str, Any]:
        """One device.

        :raises ResourceGone: when the manager does not know it.
        """
        return obj(self.get(uri, deadline).get('device'))

    def join(
        self,
        uri: str,
        group: str,
        device: dict[str, Any],
        deadline: base.Deadline,
    ) -> None:
        """Put a device into a group.

        :param device: as it was read; changed since, it is left alone.
        :raises NoMatch: when somebody else was quicker.
        """
        body = {'group_id': group}
        if device.get('update_time') is not None:
            body['update_time'] = str(device['update_time'])
        self._request('PUT', f'{uri}/group_id', deadline, body)

    def leave(
        self, uri: str, device: dict[str, Any], deadline: base.Deadline
    ) -> None:
        """Take a device out of its group.

        :param device: as it was read; changed since, it is left alone.
        :raises NoMatch: when it has changed meanwhile.
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
        deadline: base.Deadline,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        answer = self._http.send(method, uri, deadline, body, basic=True)
        if answer.status < 300:
            return answer.body
        raise _error(answer, uri)


def _error(answer: client.Answer, uri: str) -> exception.PodManagerError:
    """What an answer that says no means."""
    said = text(answer.body.get('message'), 1000) or f'status {answer.status}'
    if answer.status in (401, 403):
        return exception.AuthenticationFailed(reason=said)
    if answer.status == 404:
        return exception.ResourceGone(uri=uri)
    if answer.status == 409:
        return exception.NoMatch(reason=said)
    if answer.status in (429, 502, 503, 504):
        return exception.PodManagerUnavailable(
            reason=f'it answered {answer.status}: {said}'
        )
    if answer.status >= 500:
        return exception.PodManagerError(
            reason=f'it answered {answer.status}: {said}'
        )
    return exception.RequestRejected(reason=said)


def is_server(device: dict[str, Any]) -> bool:
    """Whether a device is the card in a server (eesv), not a box (eeio)."""
    return device.get('status') == 'eesv'


def is_box(device: dict[str, Any]) -> bool:
    """Whether a device is an I/O box (eeio)."""
    return device.get('status') == 'eeio'


def group(device: dict[str, Any]) -> str:
    """The group id of a device, in decimal digits."""
    return str(device.get('group_id') or '').strip()


def in_group(device: dict[str, Any]) -> bool:
    """Whether a device has been given to a group."""
    told = group(device)
    return told.isdecimal() and int(told) in GROUP_IDS


def is_free(device: dict[str, Any]) -> bool:
    """Whether a device is without a group."""
    return group(device) == (NEW_SERVER if is_server(device) else FREE_BOX)


def is_usable(device: dict[str, Any]) -> bool:
    """Whether the manager takes requests for a device.

    It has to be enabled, monitored, and up on one of its two links; an older
    manager does not tell the first two.
    """
    links = [
        *_list(device.get('notification_status0')),
        *_list(device.get('notification_status1')),
    ]
    return (
        device.get('admin_status', 'enabled') == 'enabled'
        and device.get('monitoring_status', 'enabled') == 'enabled'
        and 'up' in links
    )


def is_connected(box: dict[str, Any]) -> bool:
    """Whether a box has found its server; True where it does not tell."""
    return bool(box.get('eesv_connection_status', 'up') == 'up')


def kind(box: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """What a box holds: type, medium and protocol, as far as it tells.

    The kind is the class code shifted right by 16 bits; 10g boxes may not
    tell theirs.
    """
    try:
        code = int(str(box.get('pcie_class_code')), 0)
    except ValueError:
        return 'pcie', None, None
    if code >> 8 == _NVME:
        return 'drive', 'SSD', 'NVMe'
    return _KINDS.get(code >> 16, 'pcie'), None, None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
