# SPDX-License-Identifier: Apache-2.0
"""``openstack valence node …``: servers composed out of pooled hardware."""

import argparse
from collections.abc import Iterable
from typing import Any

from cliff import lister

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import options


class _Node:
    collection = 'nodes'
    kind = 'node'


class Compose(_Node, base.Create):
    """Compose a node: by flavor, by requirements or of exact resources."""

    verb = 'compose'
    waits = True


class Manage(_Node, base.Create):
    """Adopt a node that exists on a pod manager."""

    verb = 'manage'
    path = 'nodes/manage'
    waits = True


class Preview(_Node, lister.Lister, base.Create):
    """Show where a node would be composed, and why not elsewhere.

    Nothing is composed. The best place comes first; pod managers without a
    rank cannot do it.
    """

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
        """Ask the scheduler."""
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
            {**refusal, 'pod_manager': refusal['name']}
            for refusal in answer['refusals']
        ]
        return self.columns, (
            tuple(base.Value(one.get(name)) for name in self.columns)
            for one in found
        )


class List(_Node, base.List):
    """List nodes."""

    columns = ('uuid', 'name', 'provision_state', 'power_state', 'podm_uuid')
    more = (
        'description',
        'flavor_uuid',
        'properties',
        'resource_uri',
        'last_error',
        'drift',
        'managed_by',
        'managed_state',
        'project_id',
        'created_at',
    )


class Show(_Node, base.Show):
    """Show a node with the hardware that it is made of."""


class Set(_Node, base.Set):
    """Change the name or description of a node."""


class Delete(_Node, base.Delete):
    """Release the hardware of nodes; they are gone when that is done."""

    waits = True


class _Action(_Node, base.Act):
    """One of the node's actions.

    :cvar action: its name in the API.
    :cvar given: what it wants to know, by its name in the API.
    """

    action: str
    given: tuple[str, ...]

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take what the action wants to know."""
        parser = super().get_parser(prog_name)
        body = schema.body('post', 'nodes/{id}/action')['properties']
        known = body.get(self.action, {}).get('properties', {})
        for name in self.given:
            word = name.removesuffix('_id').lower()
            parser.add_argument(
                name,
                metavar=f'<{word}>',
                choices=known.get(name, {}).get('enum'),
                help=self._help(name, known.get(name, {})),
            )
        return parser

    def arguments(self, parsed_args: argparse.Namespace) -> tuple[str, ...]:
        """What was given, in order."""
        return tuple(vars(parsed_args)[name] for name in self.given)

    @staticmethod
    def _help(name: str, field: schema.JSON) -> str:
        if 'enum' in field:
            return f'One of: {", ".join(field["enum"])}.'
        if name == 'resource_id':
            return 'UUID or name of the device.'
        return f'{name}, as Redfish names it.'


class Reset(_Action):
    """Switch a node on or off, or restart it."""

    method = 'reset_node'
    action = 'Reset'
    given = ('Type',)


class Boot(_Action):
    """Have a node boot from something else, once or from now on."""

    method = 'boot_node'
    action = 'Boot'
    given = ('Enabled', 'Target')


class Attach(_Action):
    """Join a pooled device to a node."""

    method = 'attach_to_node'
    action = 'attach'
    given = ('resource_id',)


class Detach(_Action):
    """Give a pooled device of a node back."""

    method = 'detach_from_node'
    action = 'detach'
    given = ('resource_id',)


class Register(_Node, base.Act):
    """Hand a node over to Ironic."""

    method = 'register_node'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take how it is to be handed over."""
        parser = super().get_parser(prog_name)
        options.add(parser, self._body)
        return parser

    def options(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """What was given, by its name in the API."""
        return options.collect(parsed_args, self._body)

    @property
    def _body(self) -> schema.JSON:
        return schema.body('post', 'nodes/{id}/register')


class Unregister(_Node, base.Act):
    """Take a node back from Ironic."""

    method = 'unregister_node'


class ListStorages(_Node, base.List):
    """List what a node stores on: its local drives and pooled devices."""

    collection = 'nodes/{id}/storages'
    columns = (
        'resource_uri',
        'type',
        'protocol',
        'capacity_gib',
        'device_uuid',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the node."""
        parser = super().get_parser(prog_name)
        self.add_which(parser)
        return parser

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """The drives and devices of this node."""
        found: Iterable[Any] = self.client.node_storages(parsed_args.which)
        return found
