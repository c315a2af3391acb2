# SPDX-License-Identifier: Apache-2.0
"""The connection to Ironic, authenticated as [ironic] configures."""

from typing import Any

import openstack
from keystoneauth1 import loading
from keystoneauth1 import session as ks_session
from openstack.baremetal.v1 import _proxy
from oslo_config import cfg

from valence.common import context
from valence.common import exception


class _Session(ks_session.Session):
    """A session whose requests name the API request that they are for."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get('global_request_id') is None:
            kwargs['global_request_id'] = context.current_request_id()
        return super().request(*args, **kwargs)


class _Loader(loading.session.Session):
    """Loads such a session."""

    @property
    def plugin_class(self) -> type[ks_session.Session]:
        return _Session


def connect(group: str) -> _proxy.Proxy:
    """The proxy of openstacksdk.

    :param group: the group of the configuration.
    """
    auth = loading.load_auth_from_conf_options(cfg.CONF, group)
    if auth is None:
        raise exception.ProvisioningError(
            reason='Ironic is not configured: [ironic] auth_type is not set'
        )
    session = _Loader().load_from_conf_options(cfg.CONF, group, auth=auth)
    return openstack.connection.Connection(
        session=session, oslo_conf=cfg.CONF, service_types=['baremetal']
    ).baremetal
