# SPDX-License-Identifier: Apache-2.0
import re
import urllib.parse

from oslo_versionedobjects import base as ovo

from valence.common import schemas
from valence.objects import base
from valence.objects import fields
from valence.objects import hardware

_CONDUCTOR_GROUP = re.compile(r'[a-zA-Z0-9_.-]+')


@schemas.format_check('uri', str)
def check_url(url: str) -> None:
    """Accept the http or https URL of a pod manager.

    It has no credentials, query, fragment or whitespace.
    """
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
            'must not contain credentials; use the fields for user name and '
            'password'
        )
    if parts.query or parts.fragment:
        raise ValueError('must not contain a query or a fragment')


@schemas.format_check('proxy-uri', str)
def check_proxy_url(url: str) -> None:
    """Accept the http or https URL of a proxy.

    It has no credentials, path, query, fragment or whitespace.
    """
    check_url(url)
    if urllib.parse.urlsplit(url).path.strip('/'):
        raise ValueError('must not contain a path')


@schemas.format_check('pem', str)
def check_pem(text: str) -> None:
    """Accept certificates in PEM format."""
    if '-----BEGIN CERTIFICATE-----' not in text:
        raise ValueError('must be one or more certificates in PEM format')


@schemas.format_check('project-id', str)
def check_project_id(text: str) -> None:
    """Accept an identifier that Keystone could give a project.

    It is printable, and can be a segment of a path.
    """
    is_word = text.isprintable() and not set(text) & set(' /')
    if not is_word or text in ('', '.', '..'):
        raise ValueError('must be the identifier of a project')


@schemas.format_check('conductor-group', str)
def check_conductor_group(name: str) -> None:
    """Accept what Ironic accepts as the name of a conductor group."""
    if not _CONDUCTOR_GROUP.fullmatch(name):
        raise ValueError('must consist of A-Z, a-z, 0-9, "_", "-" and "."')


class _DriverField(fields.StringField):
    """The name of a driver; the API knows which are installed."""

    format = 'driver'

    def from_text(self, text: str) -> str:
        # One that was uninstalled can still be searched for.
        return text


@ovo.VersionedObjectRegistry.register
class PodManager(base.ValenceObject):
    """A controller of pooled hardware."""

    RESOURCE = 'pod_managers'
    LINKED = True
    KIND = 'pod manager'
    VERSION = '1.5'
    AUDIENCE = fields.Audience.SYSTEM
    #: The fields that are stored encrypted by ``common.secrets``.
    ENCRYPTED = ('password', 'proxy_password', 'hardware_password')
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
            doc='URL of the pod manager.',
            api='cru',
            max_length=512,
            filter=True,
            format='uri',
        ),
        'canonical_url': fields.StringField(
            doc='The one spelling of the URL by which it is compared.',
            nullable=True,
            max_length=512,
        ),
        'driver': _DriverField(
            doc='Name of the driver; null: detected on first contact.',
            api='cru',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        'username': fields.StringField(
            doc='User name.',
            api='cru',
            nullable=True,
            max_length=255,
            audience=fields.Audience.ADMIN,
        ),
        'password': fields.StringField(
            doc='Password.',
            api='cu',
            nullable=True,
            max_length=1024,
            secret=True,
        ),
        'auth_type': fields.EnumField(
            ['session', 'basic'],
            doc='Authentication: a Redfish session, or HTTP basic.',
            api='cru',
            default='session',
        ),
        'insecure': fields.BooleanField(
            doc='Whether the TLS certificate is not verified.',
            api='cru',
            default=False,
        ),
        'ca_cert': fields.StringField(
            doc='Trusted CA certificates (PEM), instead of those of the host.',
            api='cru',
            nullable=True,
            max_length=65535,
            format='pem',
        ),
        'proxy_url': fields.StringField(
            doc='URL of the HTTP proxy through which the pod manager is '
            'reached; null: it is reached directly.',
            api='cru',
            nullable=True,
            max_length=512,
            format='proxy-uri',
        ),
        'proxy_username': fields.StringField(
            doc='User name for the proxy.',
            api='cru',
            nullable=True,
            max_length=255,
            audience=fields.Audience.ADMIN,
        ),
        'proxy_password': fields.StringField(
            doc='Password for the proxy.',
            api='cu',
            nullable=True,
            max_length=1024,
            secret=True,
        ),
        'timeout': fields.IntegerField(
            doc='Timeout of a request to the pod manager and of a status '
            'poll, in seconds; null: those of the configuration.',
            api='cru',
            nullable=True,
            minimum=1,
            maximum=3600,
        ),
        'max_parallel': fields.IntegerField(
            doc='Maximum number of concurrent requests that read the '
            'inventory; null: that of the configuration.',
            api='cru',
            nullable=True,
            minimum=1,
            maximum=1000,
        ),
        'sync_interval': fields.IntegerField(
            doc='How often the full inventory is read, in seconds; null: that '
            'of the configuration.',
            api='cru',
            nullable=True,
            minimum=1,
            maximum=2592000,
        ),
        'hardware_url': fields.StringField(
            doc='URL at which provisioners such as Ironic access the '
            'hardware; null: that of url.',
            api='cru',
            nullable=True,
            max_length=512,
            format='uri',
        ),
        'hardware_username': fields.StringField(
            doc='User name for provisioners.',
            api='cru',
            nullable=True,
            max_length=255,
            audience=fields.Audience.ADMIN,
        ),
        'hardware_password': fields.StringField(
            doc='Password for provisioners.',
            api='cu',
            nullable=True,
            max_length=1024,
            secret=True,
        ),
        'conductor_group': fields.StringField(
            doc='Conductor group of its nodes in Ironic; null: the default of '
            'Ironic.',
            api='cru',
            nullable=True,
            min_length=1,
            max_length=255,
            format='conductor-group',
        ),
        'shard': fields.StringField(
            doc='Shard of its nodes in Ironic; null: none.',
            api='cru',
            nullable=True,
            min_length=1,
            max_length=255,
        ),
        'status': fields.EnumField(
            ['online', 'offline'],
            doc='Whether the pod manager answered the last probe.',
            api='r',
            filter=True,
            sort=(),
            default='offline',
            audience=fields.Audience.PROJECT,
        ),
        'status_reason': fields.StringField(
            doc='Why the pod manager is offline.',
            api='r',
            nullable=True,
            max_length=1024,
            default='not contacted yet',
        ),
        'status_changed_at': fields.DateTimeField(
            doc='Time of the last change of the status.',
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
        'tags': hardware.tags('cru'),
        'location': fields.StringField(
            doc='Location of the hardware.',
            api='cru',
            nullable=True,
            max_length=255,
            filter=True,
            audience=fields.Audience.PROJECT,
        ),
        'maintenance': fields.BooleanField(
            doc='Whether no new nodes are composed on the pod manager: it '
            'has the condition maintenance.',
            api='cru',
            default=False,
            filter=True,
        ),
        'condition_uuid': hardware.condition(),
        'is_public': fields.BooleanField(
            doc='Whether all projects can use the pod manager; otherwise only '
            'those in its access list.',
            api='cru',
            default=True,
            filter=True,
        ),
        'capabilities': fields.ListField(
            items={'type': 'string'},
            doc='Capabilities of the pod manager and its driver.',
            api='r',
            default=[],
        ),
        'service_uuid': fields.StringField(
            doc='UUID reported by the service.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'shares_service_uuid': fields.BooleanField(
            doc='Whether another pod manager may report the same service '
            'UUID: the two are different services.',
            api='cru',
            default=False,
        ),
        'contacted_at': fields.DateTimeField(
            doc='Time of the last answer.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'synced_at': fields.DateTimeField(
            doc='Time of the last complete sync of the inventory.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'sync_error': fields.StringField(
            doc='What the last sync of the inventory could not read.',
            api='r',
            nullable=True,
            max_length=1024,
        ),
        'refusal': fields.StringField(
            doc='Why the pod manager refused to compose a node, since it '
            'last composed one.',
            api='r',
            nullable=True,
            max_length=1024,
        ),
        'refused_at': fields.DateTimeField(
            doc='Time of the refusal; other pod managers are preferred for a '
            'while.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'deleting_at': fields.DateTimeField(
            doc='Time of the request to delete the pod manager and its nodes.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'event_secret': fields.StringField(
            doc='Secret in the path for events.',
            nullable=True,
            secret=True,
        ),
        'event_subscription': fields.StringField(
            doc='URI of the event subscription.',
            nullable=True,
            max_length=2048,
        ),
        **base.timestamps(
            sort=('driver', 'status', 'location', 'maintenance', 'is_public')
        ),
    }
    EVENTFUL = frozenset(
        (
            'status',
            'deleting_at',
            *(n for n, f in fields.items() if 'u' in f.api),
        )
    )


@ovo.VersionedObjectRegistry.register
class PodManagerAccess(base.ValenceObject):
    """A project that can use a pod manager that is not public."""

    RESOURCE = 'pod_manager_access'
    KIND = 'grant'
    fields = {
        'uuid': base.own_uuid('grant'),
        'podm_uuid': fields.UUIDField(doc='UUID of the pod manager.', api='r'),
        'project_id': fields.StringField(
            doc='Project that can use the pod manager.',
            api='cr',
            max_length=255,
            filter=True,
            sort=(),
            format='project-id',
        ),
        **base.timestamps(sort=()),
    }
