# SPDX-License-Identifier: Apache-2.0
"""``openstack valence node …``: servers composed from pooled hardware."""

import argparse
from collections.abc import Iterable
from typing import Any

from valenceclient import schema
from valenceclient.osc import actions
from valenceclient.osc import base
from valenceclient.osc import output
from valenceclient.osc import values


class _Node:
    collection = 'nodes'
    kind = 'node'


class Compose(_Node, base.Create):
    """Compose a node from a flavor, requirements or exact resources."""

    examples = (
        'node compose web-1 --flavor large --wait',
        'node compose web-1 --processor total_cores=16 '
        '--memory capacity_mib=65536',
        'node compose ci-1 --flavor small --lease +3d',
    )

    verb = 'compose'
    starts_operation = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add a short name of --lease-until."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--lease',
            dest='field_lease_until',
            type=values.parse_time,
            default=argparse.SUPPRESS,
            metavar='<time>',
            help='The same as --lease-until.',
        )
        return parser


class Manage(_Node, base.Create):
    """Adopt a node that exists on a pod manager."""

    verb = 'manage'
    path = 'nodes/manage'
    starts_operation = True


def _shortage(
    resource: str, limit: int, used: int, missing: int | None
) -> str:
    """Describe a limit of the project that is too low."""
    if missing is None:
        lacks = 'the hardware that fits has more than is left'
    else:
        lacks = f'{missing} missing'
    return f'{resource}: the limit is {limit}, {used} in use, {lacks}'


class Preview(_Node, base.Lister, base.Create):
    """Preview where a node would be composed.

    This does not compose a node. The best candidate comes first; pod managers
    without a rank show the reason why they cannot compose it, and a row
    without pod manager shows a limit of the project that is too low.
    """

    examples = ('node preview --pci-device type=gpu,count=2',)

    path = 'nodes/preview'
    columns = (
        'rank',
        'pod_manager',
        'system_uuid',
        'devices',
        'filter',
        'reason',
        'nearest',
    )

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Show the candidates and the rejected pod managers."""
        answer = self.client.preview_node(**self.fields(parsed_args))
        found = [
            {
                **candidate,
                'rank': rank,
                'devices': [*candidate.get('devices', ())],
            }
            for rank, candidate in enumerate(answer['candidates'], start=1)
        ]
        found += [
            {**rejection, 'pod_manager': rejection['name']}
            for rejection in answer['rejections']
        ]
        more = answer.get('unlisted')
        if more:
            found.append({'reason': f'{more} more cannot satisfy the request'})
        found += [
            {'filter': 'quota', 'reason': _shortage(**one)}
            for one in answer.get('quota', ())
        ]
        return self.columns, (
            output.row(one, self.columns, parsed_args) for one in found
        )


class List(_Node, base.List):
    """List nodes."""

    examples = (
        'node list --pod-manager rack-1 --provision-state error',
        'node list --all-projects --sort-key created_at --sort-dir desc',
        'node list --fields name,pod_manager,last_error -f json',
    )

    columns = (
        'uuid',
        'name',
        'provision_state',
        'power_state',
        'pod_manager',
        'flavor',
    )
    long_columns = (
        'description',
        'podm_uuid',
        'flavor_uuid',
        'properties',
        'resource_uri',
        'last_error',
        'drift',
        'managed_by',
        'managed_state',
        'lease_until',
        'lease_state',
        'project_id',
        'created_at',
    )


class Show(_Node, base.Show):
    """Show a node with its hardware."""


class Set(_Node, base.Set):
    """Change the name, description or lease of a node."""


class Delete(_Node, base.Delete):
    """Release nodes; they are deleted when their hardware is released."""

    examples = ('node delete web-1 web-2 --wait',)

    starts_operation = True


class _NodeAction(_Node, actions.Action):
    """An action of a node.

    :cvar action: its name in the API.
    :cvar parameters: its parameters, by their names in the API.
    """

    action: str
    parameters: tuple[str, ...]

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the parameters of the action."""
        parser = super().get_parser(prog_name)
        body = schema.body('post', 'nodes/{id}/action')['properties']
        known = body.get(self.action, {}).get('properties', {})
        for name in self.parameters:
            metavar = name.removesuffix('_id').lower()
            parser.add_argument(
                name,
                metavar=f'<{metavar}>',
                choices=known.get(name, {}).get('enum'),
                help=self._help(name, known.get(name, {})),
            )
        return parser

    def arguments(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        """Return the parameters in order."""
        return tuple(vars(parsed_args)[name] for name in self.parameters)

    @staticmethod
    def _help(name: str, field: schema.JSON) -> str:
        if 'enum' in field:
            return f'One of: {", ".join(field["enum"])}.'
        if name == 'resource_id':
            return 'UUID or name of the device.'
        return f'Redfish value of {name}.'


class Reset(_NodeAction):
    """Change the power state of nodes, or restart them."""

    examples = ('node reset web-1 web-2 ForceOff --wait',)

    method = 'reset_node'
    action = 'reset'
    parameters = ('Type',)


class Boot(_NodeAction):
    """Set the boot device of nodes, once or permanently."""

    examples = (
        'node boot web-1 Once Pxe',
        'node boot web-1 Continuous Hdd --mode UEFI',
    )

    method = 'boot_node'
    action = 'boot'
    parameters = ('Enabled', 'Target')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what can be left out."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--mode',
            metavar='<mode>',
            choices=('UEFI', 'Legacy'),
            help='Boot mode: UEFI or Legacy. Unchanged without this option.',
        )
        parser.add_argument(
            '--http-boot-uri',
            metavar='<uri>',
            help='URI to boot from with the target UefiHttp.',
        )
        return parser

    def options(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """Return the options by their names in the client."""
        return {
            'mode': parsed_args.mode,
            'http_boot_uri': parsed_args.http_boot_uri,
        }


class Attach(_NodeAction):
    """Attach a pooled device to a node."""

    examples = ('node attach web-1 drive-7 --wait',)

    method = 'attach_to_node'
    action = 'attach'
    many = False
    parameters = ('resource_id',)


class Detach(_NodeAction):
    """Detach a pooled device from a node."""

    method = 'detach_from_node'
    action = 'detach'
    many = False
    parameters = ('resource_id',)


class Register(_Node, actions.BodyAction):
    """Register nodes with Ironic."""

    method = 'register_node'
    path = 'register'


class Unregister(_Node, actions.Action):
    """Unregister nodes from Ironic."""

    method = 'unregister_node'


class ListStorages(_Node, base.List):
    """List the local drives and attached storage devices of a node."""

    collection = 'nodes/{id}/storages'
    columns = (
        'resource_uri',
        'type',
        'protocol',
        'capacity_gib',
        'device_uuid',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the node."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        return parser

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """Return the drives and devices of the node."""
        found: Iterable[Any] = self.client.node_storages(parsed_args.resource)
        return found
