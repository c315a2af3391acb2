# SPDX-License-Identifier: Apache-2.0
"""``openstack valence flavor …``: requirements under a name."""

from valenceclient.osc import base


class _Flavor:
    collection = 'flavors'
    kind = 'flavor'


class Create(_Flavor, base.Create):
    """Create a flavor."""


class List(_Flavor, base.List):
    """List flavors."""

    columns = ('uuid', 'name', 'description', 'is_public')
    more = ('properties', 'project_id', 'created_at')


class Show(_Flavor, base.Show):
    """Show a flavor."""


class Set(_Flavor, base.Set):
    """Change a flavor; nodes that were made by it stay as they are."""


class Delete(_Flavor, base.Delete):
    """Delete flavors; nodes that were made by them stay as they are."""
