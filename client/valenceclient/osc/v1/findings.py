# SPDX-License-Identifier: Apache-2.0
"""``openstack valence finding …``: hardware that differs from the records."""

import argparse
from typing import Any

from valenceclient import schema
from valenceclient.osc import actions
from valenceclient.osc import base
from valenceclient.osc import options
from valenceclient.osc import progress

_ACTION = 'findings/{id}/action'


class _Finding:
    collection = 'findings'
    kind = 'finding'


class List(_Finding, base.List):
    """List hardware that should not be there, or is missing."""

    columns = (
        'uuid',
        'kind',
        'podm_uuid',
        'resource_uri',
        'name',
        'state',
        'first_seen_at',
    )
    long_columns = ('reason', 'node_uuid', 'project_id', 'last_seen_at')


class Show(_Finding, base.Show):
    """Show a finding."""


class Adopt(_Finding, actions.BodyAction):
    """Make hardware that exists on a pod manager a node."""

    method = 'adopt_finding'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add how else the hardware can be named."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--pod-manager',
            metavar='<pod-manager>',
            help='UUID or name of the pod manager, if <finding> is not a '
            'finding, but the path of a node on it, or the identifier that '
            'the pod manager gives the node.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Adopt by finding, or by what the pod manager calls the node."""
        if parsed_args.pod_manager is None:
            return super().take_action(parsed_args)
        node = self.client.manage_node(
            pod_manager=parsed_args.pod_manager,
            resource_uri=parsed_args.resource,
            **self.options(parsed_args),
        )
        if parsed_args.wait:
            progress.wait_for_operation(self.client, node, parsed_args)
            node = self.client.get_node(node.id)
        return self.columns_and_values(node.api_fields(), parsed_args)

    @property
    def _body(self) -> schema.JSON:
        body: schema.JSON = schema.body('post', _ACTION)['properties']['adopt']
        return body


class Release(_Finding, actions.Action):
    """Release the hardware of a finding on its pod manager."""

    method = 'release_finding'


class _Hide(_Finding, base.ShowOne):
    """An action that needs no operation.

    :cvar action: its name in the API.
    """

    action: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the finding, and the parameters of the action."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        options.add(parser, self._body)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Act on the finding and show it."""
        found = self.call(
            self.action,
            parsed_args.resource,
            **options.to_body(parsed_args, self._body),
        )
        return self.columns_and_values(found.api_fields(), parsed_args)

    @property
    def _body(self) -> schema.JSON:
        body: schema.JSON = schema.body('post', _ACTION)
        found: schema.JSON = body['properties'][self.action]
        return found


class Forget(_Hide):
    """Close a finding, until it changes."""

    action = 'forget'


class Accept(_Hide):
    """Hide a finding until a time, or for good.

    A finding of the kind service_changed is over: requests are sent to the
    service again. A node with changed_hardware is what was found from now on,
    and active again.
    """

    action = 'accept'
