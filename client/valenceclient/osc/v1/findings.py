# SPDX-License-Identifier: Apache-2.0
"""``openstack valence finding …``: hardware that differs from the records."""

import argparse
from typing import Any

from valenceclient import schema
from valenceclient.osc import actions
from valenceclient.osc import base
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
        'pod_manager',
        'resource_uri',
        'name',
        'state',
        'first_seen_at',
    )
    long_columns = (
        *('reason', 'podm_uuid', 'node', 'node_uuid', 'project_id'),
        'last_seen_at',
    )


class Show(_Finding, base.Show):
    """Show a finding."""


class Adopt(_Finding, actions.BodyAction):
    """Make hardware that exists on a pod manager a node."""

    method = 'adopt_finding'
    many = False

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

    def act(self, resource: str, parsed_args: argparse.Namespace) -> Any:
        """Adopt by finding, or by what the pod manager calls the node."""
        if parsed_args.pod_manager is None:
            return super().act(resource, parsed_args)
        return self.client.manage_node(
            pod_manager=parsed_args.pod_manager,
            resource_uri=resource,
            **self.options(parsed_args),
        )

    def wait(self, started: Any, parsed_args: argparse.Namespace) -> Any:
        """Wait for the operation; return the finding, or the node."""
        if parsed_args.pod_manager is None:
            return super().wait(started, parsed_args)
        progress.wait_for_operation(self.client, started, parsed_args)
        return self.client.get_node(started.id)

    @property
    def _body(self) -> schema.JSON:
        body: schema.JSON = schema.body('post', _ACTION)['properties']['adopt']
        return body


class Release(_Finding, actions.Action):
    """Release the hardware of findings on its pod manager."""

    method = 'release_finding'


class Forget(_Finding, actions.Action):
    """Close findings, until they change."""

    method = 'forget_finding'
    starts_operation = False


class Accept(_Finding, actions.BodyAction):
    """Hide findings until a time, or for good.

    A finding of the kind service_changed is over: requests are sent to the
    service again. A node with changed_hardware is what was found from now on,
    and active again.
    """

    method = 'accept_finding'
    starts_operation = False

    @property
    def _body(self) -> schema.JSON:
        body: schema.JSON = schema.body('post', _ACTION)
        found: schema.JSON = body['properties']['accept']
        return found
