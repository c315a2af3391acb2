# SPDX-License-Identifier: Apache-2.0
"""How the ``openstack`` command learns of ``openstack valence``."""

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
    """The proxy that commands find as ``client_manager.composable``."""
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
        help=f'Version of the API of Valence, default: {DEFAULT_API_VERSION} '
        f'(Env: OS_COMPOSABLE_API_VERSION)',
    )
    return parser


def check_api_version(version: str) -> bool:
    """Refuse what cannot be a version; the service judges the others."""
    if not re.fullmatch(r'1\.[0-9]+', version):
        raise exceptions.CommandError(
            f'The composable API version {version} is not of the form 1.N, '
            f'such as {DEFAULT_API_VERSION}.'
        )
    return True
