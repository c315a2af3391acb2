# SPDX-License-Identifier: Apache-2.0
"""The plugin that adds ``openstack valence`` to the ``openstack`` command."""

import argparse
import re
from typing import Any

from osc_lib import exceptions
from osc_lib import utils

from valenceclient import service

API_NAME = service.SERVICE_TYPE
API_VERSION_OPTION = 'os_composable_api_version'
DEFAULT_API_VERSION = '1.1'


def make_client(instance: Any) -> Any:
    """Return the proxy, available as ``client_manager.composable``."""
    connection = instance.sdk_connection
    version = instance._api_version[API_NAME]
    connection.config.config['composable_api_version'] = version
    service.add_service(connection)
    return connection.composable


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add the global options."""
    parser.add_argument(
        '--os-composable-api-version',
        metavar='<composable-api-version>',
        default=utils.env('OS_COMPOSABLE_API_VERSION', default=None),
        help=f'Valence API version, default: {DEFAULT_API_VERSION} '
        f'(Env: OS_COMPOSABLE_API_VERSION)',
    )
    return parser


def check_api_version(version: str) -> bool:
    """Reject a malformed version; the service checks whether it exists."""
    if not re.fullmatch(r'1\.[0-9]+', version):
        raise exceptions.CommandError(
            f'The composable API version {version} is not of the form 1.N, '
            f'such as {DEFAULT_API_VERSION}.'
        )
    return True
