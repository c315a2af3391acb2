# SPDX-License-Identifier: Apache-2.0
"""``openstack valence operation …``: changes of hardware."""

from valenceclient.osc import base


class _Operation:
    collection = 'operations'
    kind = 'operation'


class List(_Operation, base.List):
    """List operations."""

    columns = (
        'uuid',
        'action',
        'target_type',
        'target_uuid',
        'state',
        'progress',
        'created_at',
    )
    long_columns = ('step', 'attempt', 'error', 'podm_uuid', 'finished_at')


class Show(_Operation, base.Show):
    """Show an operation with its steps."""


class Cancel(_Operation, base.Delete):
    """Cancel operations; completed steps are undone."""

    verb = 'cancel'
