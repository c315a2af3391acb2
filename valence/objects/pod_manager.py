# SPDX-License-Identifier: Apache-2.0
import urllib.parse

from oslo_versionedobjects import base as ovo

from valence.common import schemas
from valence.objects import base
from valence.objects import fields


@schemas.format_check('uri', str)
def check_url(url: str) -> None:
    """Accept the address of a pod manager."""
    if not url.isprintable() or ' ' in url:
        raise ValueError('must not contain whitespace')
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise ValueError(f'must be a URL ({exc})') from None
    if parts.scheme not in ('http', 'https'):
        raise ValueError('the scheme must be http or https')
    if not host:
        raise ValueError('must contain a host')
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            'must not contain credentials; use the fields username and '
            'password'
        )
    if parts.query or parts.fragment:
        raise ValueError('must not contain a query or a fragment')


@schemas.format_check('pem', str)
def check_pem(text: str) -> None:
    """Accept certificates in PEM format."""
    if '-----BEGIN CERTIFICATE-----' not in text:
        raise ValueError('must be one or more certificates in PEM format')


@schemas.format_check('project-id', str)
def check_project_id(text: str) -> None:
    """Accept an identifier that Keystone could give a project."""
    if not text or not text.isprintable() or set(text) & set(' /'):
        raise ValueError('must be the identifier of a project')


class _DriverField(fields.StringField):
    """The name of a driver; the API knows which are installed."""

    format = 'driver'

    def from_text(self, text: str) -> str:
        # One that was uninstalled can still be searched for.
        return text


@ovo.VersionedObjectRegistry.register
class PodManager(base.ValenceObject):
    """A controller of pooled hardware, and how to reach it."""

    RESOURCE = 'pod_managers'
    KIND = 'pod manager'
    AUDIENCE = fields.Audience.SYSTEM
    #: What is stored as a token of ``common.secrets``.
    ENCRYPTED = ('password', 'hardware_password')
    fields = {
        'uuid': base.own_uuid('pod manager'),
        'name': fields.NameField(
            doc='Name of the pod manager.',
            api='cru',
            max_length=255,
            filter=True,
            sort=('status',),
            audience=fields.Audience.PROJECT,
        ),
        'url': fields.StringField(
            doc='Full access path of the pod manager.',
            api='cru',
            max_length=512,
            filter=True,
            format='uri',
        ),
        'driver': _DriverField(
            doc='Driver that talks to it; null: found on first contact.',
            api='cru',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        'username': fields.StringField(
            doc='User name to log in with.',
            api='cru',
            nullable=True,
            max_length=255,
            audience=fields.Audience.ADMIN,
        ),
        'password': fields.StringField(
            doc='Password to log in with.',
            api='cu',
            nullable=True,
            max_length=1024,
            secret=True,
        ),
        'auth_type': fields.EnumField(
            ['session', 'basic'],
            doc='How to log in: a Redfish session, or HTTP basic.',
            api='cru',
            default='session',
        ),
        'insecure': fields.BooleanField(
            doc='Whether its TLS certificate is left unchecked.',
            api='cru',
            default=False,
        ),
        'ca_cert': fields.StringField(
            doc='Certificates (PEM) of the authorities to trust for it, '
            'instead of those of the host.',
            api='cru',
            nullable=True,
            max_length=65535,
            format='pem',
        ),
        'hardware_url': fields.StringField(
            doc='Address under which those reach the hardware who drive it '
            'themselves, such as Ironic; null: that of url.',
            api='cru',
            nullable=True,
            max_length=512,
            format='uri',
        ),
        'hardware_username': fields.StringField(
            doc='User name for those who drive the hardware themselves.',
            api='cru',
            nullable=True,
            max_length=255,
            audience=fields.Audience.ADMIN,
        ),
        'hardware_password': fields.StringField(
            doc='Password for those who drive the hardware themselves.',
            api='cu',
            nullable=True,
            max_length=1024,
            secret=True,
        ),
        'status': fields.EnumField(
            ['online', 'offline'],
            doc='Whether it answered when it was last asked.',
            api='r',
            filter=True,
            sort=(),
            default='offline',
            audience=fields.Audience.PROJECT,
        ),
        'status_reason': fields.StringField(
            doc='Why it is offline.',
            api='r',
            nullable=True,
            max_length=1024,
            default='not contacted yet',
        ),
        'status_changed_at': fields.DateTimeField(
            doc='When the status changed last.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'description': fields.StringField(
            doc='Description of the pod manager.',
            api='cru',
            nullable=True,
            max_length=1024,
        ),
        'location': fields.StringField(
            doc='Where its hardware stands.',
            api='cru',
            nullable=True,
            max_length=255,
            filter=True,
            audience=fields.Audience.PROJECT,
        ),
        'maintenance': fields.BooleanField(
            doc='Whether nothing new is composed on it.',
            api='cru',
            default=False,
            filter=True,
        ),
        'is_public': fields.BooleanField(
            doc='Whether every project may use it; otherwise those may that '
            'are in its access list.',
            api='cru',
            default=True,
            filter=True,
        ),
        'capabilities': fields.ListField(
            items={'type': 'string'},
            doc='What it and its driver can do.',
            api='r',
            default=[],
        ),
        'service_uuid': fields.StringField(
            doc='UUID that the service gives itself.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'contacted_at': fields.DateTimeField(
            doc='When it last answered.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'synced_at': fields.DateTimeField(
            doc='When its inventory was last read completely.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'sync_error': fields.StringField(
            doc='What went wrong in the last reading of its inventory.',
            api='r',
            nullable=True,
            max_length=1024,
        ),
        'deleting_at': fields.DateTimeField(
            doc='When its removal, with all its nodes, was asked for.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'event_secret': fields.StringField(
            doc='Secret in the path that events are sent to.',
            nullable=True,
            secret=True,
        ),
        'event_subscription': fields.StringField(
            doc='URI of the subscription to its events.',
            nullable=True,
            max_length=2048,
        ),
        **base.timestamps(
            sort=('driver', 'status', 'location', 'maintenance', 'is_public')
        ),
    }


@ovo.VersionedObjectRegistry.register
class PodManagerAccess(base.ValenceObject):
    """A project that may use a pod manager that is not public."""

    RESOURCE = 'pod_manager_access'
    KIND = 'grant'
    fields = {
        'uuid': base.own_uuid('grant'),
        'podm_uuid': fields.UUIDField(doc='UUID of the pod manager.', api='r'),
        'project_id': fields.StringField(
            doc='Project that may use it.',
            api='cr',
            max_length=255,
            filter=True,
            sort=(),
            format='project-id',
        ),
        **base.timestamps(sort=()),
    }
