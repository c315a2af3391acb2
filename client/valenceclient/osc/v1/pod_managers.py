# SPDX-License-Identifier: Apache-2.0
"""``openstack valence podmanager …``: controllers of pooled hardware."""

import argparse
from collections.abc import Iterable
from typing import Any

from valenceclient.osc import actions
from valenceclient.osc import base
from valenceclient.osc import names
from valenceclient.osc import progress


class _PodManager:
    collection = 'pod_managers'
    kind = 'pod_manager'


class Create(_PodManager, base.Create):
    """Register a pod manager; it is offline until the first contact."""

    examples = (
        'podmanager create rack-1 --url https://10.0.0.5:8443 '
        '--username admin --password-prompt --wait',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the options for waiting."""
        parser = super().get_parser(prog_name)
        progress.add_options(
            parser,
            'Wait until the inventory was read; exit with status 1 if the '
            'pod manager cannot be reached or read, or with --wait-timeout, '
            'if it could not be for so long.',
            # --timeout is a field.
            timeout='--wait-timeout',
        )
        return parser

    def wait(self, started: Any, parsed_args: argparse.Namespace) -> Any:
        """Wait for the inventory; return the pod manager."""
        return progress.wait_for_pod_manager(self.client, started, parsed_args)


class List(_PodManager, base.List):
    """List pod managers."""

    columns = ('uuid', 'name', 'url', 'driver', 'status', 'maintenance')
    long_columns = ('status_reason', 'location', 'description', 'synced_at')


class Show(_PodManager, base.Show):
    """Show a pod manager."""


class Set(_PodManager, base.Set):
    """Change a pod manager."""

    examples = (
        'podmanager set rack-1 rack-2 --maintenance',
        'podmanager set rack-1 --unset location',
    )


class Delete(_PodManager, base.Delete):
    """Delete pod managers."""

    starts_operation = True


class Sync(_PodManager, actions.Action):
    """Read the full inventory of pod managers; show the operations."""

    examples = ('podmanager sync rack-1 --wait',)

    method = 'sync_pod_manager'

    def wait(self, started: Any, parsed_args: argparse.Namespace) -> Any:
        """Wait for the operation, and return it."""
        return progress.wait_for_operation(self.client, started, parsed_args)


class Topology(_PodManager, base.Show):
    """Show the tree of a pod manager: pod, rack, drawer, sled, system."""

    def fetch(self, resource: str) -> Any:
        """Return the tree."""
        return self.client.get_pod_manager_topology(resource)


class _Access(_PodManager, base.Command):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the pod manager and the project."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        parser.add_argument(
            'project', metavar='<project>', help='ID or name of the project.'
        )
        return parser

    def project(self, parsed_args: argparse.Namespace) -> str:
        """Return the project ID."""
        manager = self.app.client_manager
        return names.find_project_id(manager, parsed_args.project)


class AccessAdd(_Access):
    """Grant a project access to a pod manager that is not public."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Add the project to the access list."""
        self.client.add_pod_manager_access(
            parsed_args.resource, self.project(parsed_args)
        )


class AccessRemove(_Access):
    """Revoke the access of a project to a pod manager."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Remove the project from the access list."""
        self.client.remove_pod_manager_access(
            *(parsed_args.resource, self.project(parsed_args)),
            ignore_missing=False,
        )


class AccessList(_PodManager, base.List):
    """List the projects with access to a pod manager that is not public."""

    collection = 'pod_managers/{id}/access'
    columns = ('project_id', 'project', 'created_at')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the pod manager."""
        parser = super().get_parser(prog_name)
        self.add_resource(parser)
        return parser

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """Return the access list of the pod manager."""
        found: Iterable[Any] = self.client.pod_manager_access(
            parsed_args.resource
        )
        return found
