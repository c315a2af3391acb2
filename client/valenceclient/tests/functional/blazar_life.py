# SPDX-License-Identifier: Apache-2.0
"""The life of leases in the manager of a real Blazar, as JSON.

It runs in the environment of Blazar: ``blazar_life.py ENDPOINT DATABASE``.
Only Keystone is not there: its trusts are replaced by a fixed context.
"""

import datetime
import json
import pathlib
import sys
from typing import Any

from blazar import context
from blazar import exceptions
from blazar.db import api as db_api
from blazar.manager import service
from blazar.notification import notifier
from blazar.utils import trusts
from oslo_config import cfg
from oslo_utils import timeutils

from valenceclient import blazar as plugin
from valenceclient.v1 import proxy

_OPTIONS = """
[DEFAULT]
transport_url = fake://
[database]
connection = sqlite:///{database}
[manager]
plugins = composable.node
"""


def _configure(endpoint: str, database: str) -> None:
    file = pathlib.Path(f'{database}.conf')
    file.write_text(_OPTIONS.format(database=database))
    cfg.CONF(['--config-file', str(file)], project='blazar')
    notifier.init()
    urls = {'identity': 'http://keystone.example', 'composable': endpoint}
    trusts.create_ctx_from_trust = lambda trust_id: context.BlazarContext(
        user_name='user',
        auth_token='token',
        project_id='project',
        service_catalog=[_service(*item) for item in urls.items()],
    )


def _service(kind: str, url: str) -> dict[str, Any]:
    endpoints = [
        {'interface': name, 'region': 'RegionOne', 'url': url}
        for name in ('public', 'internal', 'admin')
    ]
    return {'type': kind, 'name': kind, 'endpoints': endpoints}


def _date(minutes: int) -> str:
    when = timeutils.utcnow() + datetime.timedelta(minutes=minutes)
    return f'{when:%Y-%m-%d %H:%M}'


def _book(manager: Any, name: str, start: str, **values: Any) -> Any:
    reservation = {'resource_type': 'composable:node', **values}
    return manager.create_lease(
        {
            'name': name,
            'start_date': start,
            'end_date': _date(600),
            'user_id': 'user',
            'trust_id': 'trust',
            'reservations': [reservation],
        }
    )


def _shown(valence: proxy.Proxy) -> dict[str, Any]:
    return {
        'holds': {one.name: one.state for one in valence.holds()},
        'nodes': {one.name: one.lease_until for one in valence.nodes()},
    }


def live(manager: Any, valence: proxy.Proxy) -> dict[str, Any]:
    """Book, start, extend and end; what Valence shows each time."""
    found = {'plugins': sorted(manager.plugins)}
    later = _book(manager, 'later', _date(300))
    found['booked'] = _shown(valence)
    now = _book(manager, 'now', 'now')
    manager._process_events()
    found['started'] = _shown(valence)
    found['status'] = manager.get_lease(now['id'])['status']
    manager.update_lease(lease_id=now['id'], values={'end_date': _date(900)})
    found['extended'] = _shown(valence)
    large = {'processor': {'total_cores': 10**6}}
    try:
        _book(manager, 'large', 'now', properties=large)
    except exceptions.BlazarException as exc:
        found['refused'] = str(exc)
    for lease in (later, now):
        manager.delete_lease(lease_id=lease['id'])
    found['leases'] = len(manager.list_leases())
    return found


def main(endpoint: str, database: str) -> None:
    """Print what has happened."""
    _configure(endpoint, database)
    db_api.setup_db()
    with trusts.create_ctx_from_trust('trust'):
        manager = service.ManagerService()
        with plugin.as_user() as valence:
            print(json.dumps(live(manager, valence)))


if __name__ == '__main__':
    main(*sys.argv[1:])
