# SPDX-License-Identifier: Apache-2.0
"""``openstack valence condition …``: what keeps hardware from being used."""

from valenceclient.osc import base


class _Condition:
    collection = 'conditions'
    kind = 'condition'


class Set(_Condition, base.Create):
    """Set a condition of hardware, or replace the one with the same code."""

    examples = (
        'condition set --subject rack --subject-id r7 --code water_leak '
        '--message "Leak in row 3" --effects no_new_nodes --until +12h',
    )


class List(_Condition, base.List):
    """List the conditions of hardware."""

    columns = (
        'uuid',
        'subject',
        'subject_name',
        'code',
        'message',
        'effects',
        'until',
        'state',
    )
    long_columns = (
        *('pod_manager', 'podm_uuid', 'subject_uuid'),
        *('source', 'tenant_message'),
    )


class Show(_Condition, base.Show):
    """Show a condition."""


class Unset(_Condition, base.Delete):
    """Delete conditions: they have no effects any more."""
