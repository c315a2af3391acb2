# SPDX-License-Identifier: Apache-2.0
"""What requests about nodes say besides the fields of a node."""

from typing import Any

from valence.api.controllers.v1 import base
from valence.podmanagers.base import BOOT_ENABLED
from valence.podmanagers.base import RESET_TYPES

_NAME = {'type': 'string', 'minLength': 1, 'maxLength': 255}
_RESOURCES = {
    'type': 'array',
    'items': _NAME,
    'minItems': 1,
    'maxItems': 256,
    'description': 'UUIDs or names of the very system and devices to use.',
}
_AFFINITY = {
    'type': 'object',
    'properties': {
        'scope': {'enum': ['rack', 'pod_manager']},
        'with': {'type': 'array', 'items': _NAME, 'minItems': 1},
        'against': {'type': 'array', 'items': _NAME, 'minItems': 1},
    },
    'required': ['scope'],
    'minProperties': 2,
    'maxProperties': 2,
    'additionalProperties': False,
    'description': 'In what the node is to be together with other nodes, or '
    'apart from them.',
}
PLACE = {'resources': _RESOURCES, 'affinity': _AFFINITY}
_HOW: dict[str, Any] = {
    'manage': {
        'type': 'boolean',
        'description': 'Whether Ironic is to check its login and make the '
        'node manageable.',
    },
    'inspect': {
        'type': 'boolean',
        'description': 'Whether Ironic is to inspect the hardware; the node '
        'becomes manageable before.',
    },
    'provide': {
        'type': 'boolean',
        'description': 'Whether Ironic is to clean the node and make it '
        'available; it becomes manageable before.',
    },
    'resource_class': {
        'type': 'string',
        'minLength': 1,
        'maxLength': 80,
        'description': 'Resource class in Ironic; else the name of the '
        "node's flavor, else what [ironic] resource_class says.",
    },
    'traits': {
        'type': 'array',
        'items': {'type': 'string', 'pattern': '^[A-Z0-9_]{1,255}$'},
        'maxItems': 40,
        'description': 'Traits besides those that follow from the hardware.',
    },
}
REGISTER: dict[str, Any] = {
    'type': 'object',
    'properties': _HOW,
    'additionalProperties': False,
}
COMPOSE = {
    **PLACE,
    'register': {
        **REGISTER,
        'type': ['boolean', 'object'],
        'description': 'Whether the node is handed to Ironic once it is '
        'composed, or how.',
    },
}
ACTION = {
    'type': 'object',
    'properties': {
        'Reset': base.group(Type={'enum': list(RESET_TYPES)}),
        'Boot': base.group(
            Enabled={'enum': list(BOOT_ENABLED)},
            Target={'type': 'string', 'minLength': 1, 'maxLength': 64},
        ),
        'attach': base.group(resource_id=_NAME),
        'detach': base.group(resource_id=_NAME),
    },
    'additionalProperties': False,
    'minProperties': 1,
    'maxProperties': 1,
}
MANAGE = base.group(
    name=_NAME,
    pod_manager=_NAME,
    resource_uri={'type': 'string', 'minLength': 1, 'maxLength': 2048},
)
