# SPDX-License-Identifier: Apache-2.0
"""Flavors of Nova. A flavor has the same UUID there as in Valence.

Its description holds the mark of this Valence, and is sent with the request
that creates it. A flavor without that mark is neither changed nor deleted. See
https://docs.openstack.org/api-ref/compute/#flavors
"""

from openstack import exceptions as sdk_exceptions
from openstack import utils
from openstack.compute.v2 import flavor as sdk_flavor

from valence.common import exception
from valence.common.identity import Mark
from valence.common.identity import find_mark
from valence.podmanagers.progress import Deadline
from valence.provisioning.nova import calls
from valence.provisioning.nova import wanted
from valence.provisioning.nova.calls import calling

# The first version in which flavors have a description.
_VERSION = '2.55'


def publish(flavor: wanted.Flavor, deadline: Deadline) -> None:
    """Create a flavor in Nova, or bring it up to date; can be repeated.

    One whose size or name is another is created again: Nova does not change
    these. Instances keep what they were created with.

    :raises ProvisioningConflict: if it does not bear the mark.
    :raises ProvisioningUnavailable: if Nova shows something else afterwards.
    """
    _check_version(deadline)
    found = find(flavor.uuid, deadline)
    if found is not None and find_mark(found.description) != flavor.mark:
        raise exception.ProvisioningConflict(
            reason=f'the flavor {flavor.uuid} exists in Nova without the mark '
            f'of this Valence in its description; delete it there first'
        )
    others: dict[str, str] = {}
    if found is not None and _fixed(found) != flavor.fixed:
        others = _others(found)
        delete(flavor.uuid, flavor.mark, deadline)
        found = None
    if found is None:
        found = _create(flavor, deadline)
    _set_specs(found, {**others, **flavor.specs}, deadline)
    if flavor.project_id is not None:
        _grant(found, flavor.project_id, deadline)
    _check(flavor, deadline)


def delete(uuid: str, mark: Mark, deadline: Deadline) -> bool:
    """Delete a flavor that bears the mark; can be repeated.

    :returns: whether Nova has none now; otherwise it has one of others.
    :raises ProvisioningUnavailable: if Nova still shows it.
    """
    found = find(uuid, deadline)
    if found is None:
        return True
    if find_mark(found.description) != mark:
        return False
    with calling(deadline):
        calls.client().delete_flavor(found, ignore_missing=True)
    if find(uuid, deadline) is not None:
        raise exception.ProvisioningUnavailable(
            reason=f'Nova still shows the flavor {uuid} that was deleted'
        )
    return True


def find(uuid: str, deadline: Deadline) -> sdk_flavor.Flavor | None:
    """A flavor as Nova shows it, or None if Nova itself says it has none."""
    with calling(deadline):
        try:
            found: sdk_flavor.Flavor = calls.client().get_flavor(
                uuid, get_extra_specs=True
            )
        except sdk_exceptions.NotFoundException as exc:
            if not calls.NOVA.has_sent(exc):
                raise
            return None
        if found.id != uuid:
            raise calls.NOVA.not_understood()
        return found


def _check_version(deadline: Deadline) -> None:
    with calling(deadline):
        version = utils.maximum_supported_microversion(
            calls.client(), _VERSION
        )
    if version != _VERSION:
        raise exception.ProvisioningRejected(
            reason=f'Nova is too old: it does not support version {_VERSION} '
            f'of its API'
        )


def _create(flavor: wanted.Flavor, deadline: Deadline) -> sdk_flavor.Flavor:
    with calling(deadline):
        created: sdk_flavor.Flavor = calls.client().create_flavor(
            id=flavor.uuid, description=str(flavor.mark), **flavor.fixed
        )
        return created


def _fixed(found: sdk_flavor.Flavor) -> dict[str, object]:
    return {
        name: getattr(found, name)
        for name in ('name', 'vcpus', 'ram', 'disk', 'is_public')
    }


def _others(found: sdk_flavor.Flavor) -> dict[str, str]:
    """The extra specs that Valence does not set."""
    return {
        name: value
        for name, value in (found.extra_specs or {}).items()
        if not name.startswith(wanted.OWN)
    }


def _set_specs(
    found: sdk_flavor.Flavor, specs: dict[str, str], deadline: Deadline
) -> None:
    """Set the extra specs, and remove those of Valence that are over."""
    shown: dict[str, str] = dict(found.extra_specs or {})
    new = {k: v for k, v in specs.items() if shown.get(k) != v}
    over = shown.keys() - specs.keys() - _others(found).keys()
    with calling(deadline):
        for name in sorted(over):
            calls.client().delete_flavor_extra_specs_property(found, name)
        if new:
            calls.client().create_flavor_extra_specs(found, new)


def _grant(
    found: sdk_flavor.Flavor, project_id: str, deadline: Deadline
) -> None:
    """Let the project of a private flavor use it."""
    with calling(deadline):
        access = calls.client().get_flavor_access(found)
        if project_id not in {one['tenant_id'] for one in access}:
            calls.client().flavor_add_tenant_access(found, project_id)


def _check(flavor: wanted.Flavor, deadline: Deadline) -> None:
    """Check what Nova shows."""
    found = find(flavor.uuid, deadline)
    if found is not None:
        own = {
            name: value
            for name, value in (found.extra_specs or {}).items()
            if name.startswith(wanted.OWN)
        }
        if _fixed(found) == flavor.fixed and own == flavor.specs:
            return
    raise exception.ProvisioningUnavailable(
        reason=f'Nova does not show the flavor {flavor.name} as it was sent'
    )
