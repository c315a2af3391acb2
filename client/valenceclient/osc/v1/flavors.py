# SPDX-License-Identifier: Apache-2.0
"""``openstack valence flavor …``: named sets of requirements."""

from valenceclient.osc import base


class _Flavor:
    collection = 'flavors'
    kind = 'flavor'


class Create(_Flavor, base.Create):
    """Create a flavor."""


class List(_Flavor, base.List):
    """List flavors."""

    columns = ('uuid', 'name', 'description', 'is_public')
    long_columns = ('properties', 'project_id', 'created_at')


class Show(_Flavor, base.Show):
    """Show a flavor."""


class Set(_Flavor, base.Set):
    """Change a flavor; this does not affect existing nodes."""


class Delete(_Flavor, base.Delete):
    """Delete flavors; this does not affect existing nodes."""
