# SPDX-License-Identifier: Apache-2.0
"""Requests to the event service: bodies and stream filters."""

from __future__ import annotations

import re

from valence_simulator.protocol import errors
from valence_simulator.protocol.delivery import Interest
from valence_simulator.protocol.resources import links

EVENT_TYPES = [
    'StatusChange',
    'ResourceUpdated',
    'ResourceAdded',
    'ResourceRemoved',
    'Alert',
]
RETRY_POLICIES = [
    'TerminateAfterRetries',
    'SuspendRetries',
    'RetryForever',
    'RetryForeverWithBackoff',
]
#: Properties of a subscription: type, or valid values.
SUBSCRIPTION = {
    'Name': str,
    'Description': str,
    'Destination': str,
    'Protocol': ['Redfish'],
    'Context': str,
    'EventTypes': list,
    'OriginResources': list,
    'HttpHeaders': list,
    'MessageIds': list,
    'Oem': dict,
}
MODERN = {
    'RegistryPrefixes': list,
    'ResourceTypes': list,
    'Severities': list,
    'SubordinateResources': bool,
    'SubscriptionType': ['RedfishEvent'],
    'EventFormatType': ['Event'],
    'DeliveryRetryPolicy': RETRY_POLICIES,
    'VerifyCertificate': bool,
    'SendHeartbeat': bool,
    'HeartbeatIntervalMinutes': int,
    'IncludeOriginOfCondition': bool,
}


def checked(body: dict, modern: bool, telemetry: bool) -> dict:
    """Return the body of a new subscription with defaults.

    :param modern: whether the service supports newer schemas.
    :param telemetry: whether it sends metric reports.
    :raises RedfishError: 400 with the invalid property.
    """
    known = {**SUBSCRIPTION, **(MODERN if modern else {})}
    if modern and telemetry:
        known['EventFormatType'] = ['Event', 'MetricReport']
    for name, value in body.items():
        if name not in known:
            raise errors.property_unknown(name)
        _check_property(name, value, known[name])
    for name in ('Destination', 'Protocol'):
        if name not in body:
            raise errors.property_missing(name)
    if not re.match(r'https?://[^/]+', body['Destination']):
        raise errors.property_value('Destination', body['Destination'])
    for kind in body.get('EventTypes', ()):
        if kind not in EVENT_TYPES:
            raise errors.property_value('EventTypes', kind)
    if not modern:
        return dict(body)
    return {
        'SubscriptionType': 'RedfishEvent',
        'EventFormatType': 'Event',
        'DeliveryRetryPolicy': 'RetryForever',
        **body,
    }


def _check_property(name: str, value: object, expected: object) -> None:
    if isinstance(expected, list):
        if value not in expected:
            raise errors.property_value(name, value)
        return
    if not isinstance(value, expected):
        raise errors.property_type(name, value)
    if expected is list:
        for n, item in enumerate(value):
            if not ITEMS.get(name, _is_text)(item):
                raise errors.property_type(f'{name}/{n}', item)


def _is_text(item: object) -> bool:
    return isinstance(item, str)


def _is_origin(item: object) -> bool:
    if isinstance(item, dict):
        item = item.get('@odata.id')
    return isinstance(item, str)


def _is_header(item: object) -> bool:
    return isinstance(item, dict) and all(map(_is_text, item.values()))


#: Properties and the type of their items, if not strings.
ITEMS = {'OriginResources': _is_origin, 'HttpHeaders': _is_header}


def interest_of(body: dict) -> Interest:
    """Return the event filter of a subscription."""
    origins = [
        o['@odata.id'] if isinstance(o, dict) else str(o)
        for o in body.get('OriginResources', [])
    ]
    if origins:
        body['OriginResources'] = links(origins)
    return Interest(
        event_types=body.get('EventTypes', []),
        registries=body.get('RegistryPrefixes', []),
        message_ids=body.get('MessageIds', []),
        resource_types=body.get('ResourceTypes', []),
        severities=body.get('Severities', []),
        formats=[body['EventFormatType']] if 'EventFormatType' in body else [],
        origins=origins,
        subordinate=body.get('SubordinateResources', False),
    )


def parse_filter(text: str, telemetry: bool) -> Interest:
    """Parse the $filter of a stream: `eq` comparisons.

    Comparisons of one property are alternatives; those of different properties
    must all match, as DSP0266 requires.
    """
    fields = {
        'EventType': 'event_types',
        'RegistryPrefix': 'registries',
        'MessageId': 'message_ids',
        'ResourceType': 'resource_types',
        'OriginResource': 'origins',
        **({'EventFormatType': 'formats'} if telemetry else {}),
    }
    interest = Interest()
    for name, value in re.findall(r"(\w+)\s+eq\s+'?([^'\s)]+)'?", text):
        if name not in fields:
            raise errors.query_value('$filter', text)
        getattr(interest, fields[name]).append(value)
    if text and interest == Interest():
        raise errors.query_value('$filter', text)
    return interest
