# SPDX-License-Identifier: Apache-2.0
"""``openstack valence podmanager …``: the controllers of pooled hardware."""

import argparse
from collections.abc import Iterable
from typing import Any

from openstack import exceptions as sdk_exceptions

from valenceclient.osc import base
from valenceclient.osc import progress


class _PodManager:
    collection = 'pod_managers'
    kind = 'pod_manager'


class Create(_PodManager, base.Create):
    """Register a pod manager; it is offline until it was contacted."""


class List(_PodManager, base.List):
    """List pod managers."""

    columns = ('uuid', 'name', 'url', 'driver', 'status', 'maintenance')
    more = ('status_reason', 'location', 'description', 'synced_at')


class Show(_PodManager, base.Show):
    """Show a pod manager."""


class Set(_PodManager, base.Set):
    """Change a pod manager."""


class Delete(_PodManager, base.Delete):
    """Remove pod managers."""

    waits = True


class Sync(_PodManager, base.Act):
    """Have the inventory of a pod manager read anew; show the operation."""

    method = 'sync_pod_manager'

    def settled(
        self, started: Any, parsed_args: argparse.Namespace
    ) -> dict[str, Any]:
        """The operation, at its end if that is waited for."""
        if parsed_args.wait:
            started = progress.follow(self.client, started, parsed_args)
        answer: dict[str, Any] = started.answer()
        return answer


class Topology(_PodManager, base.Show):
    """Show the tree of a pod manager: pod, rack, drawer, sled, system."""

    def found(self, which: str) -> Any:
        """The tree."""
        return self.client.get_pod_manager_topology(which)


class _Access(_PodManager, base.Command):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the pod manager and the project."""
        parser = super().get_parser(prog_name)
        self.add_which(parser)
        parser.add_argument(
            'project', metavar='<project>', help='ID or name of the project.'
        )
        return parser

    def project(self, parsed_args: argparse.Namespace) -> str:
        """The project's ID, as Keystone says where there is one."""
        connection: Any = self.app.client_manager.sdk_connection
        if connection.config.config['auth_type'] in ('none', 'http_basic'):
            return str(parsed_args.project)
        try:
            found = connection.identity.find_project(
                parsed_args.project, ignore_missing=False
            )
        except sdk_exceptions.ForbiddenException:
            # Not everybody may ask Keystone; an ID needs no asking.
            return str(parsed_args.project)
        return str(found.id)


class AccessAdd(_Access):
    """Let a project use a pod manager that is not public."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Add it to the access list."""
        self.client.add_pod_manager_access(
            parsed_args.which, self.project(parsed_args)
        )


class AccessRemove(_Access):
    """Let a project use a pod manager no longer."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Take it from the access list."""
        self.client.remove_pod_manager_access(
            *(parsed_args.which, self.project(parsed_args)),
            ignore_missing=False,
        )


class AccessList(_PodManager, base.List):
    """List the projects that may use a pod manager that is not public."""

    collection = 'pod_managers/{id}/access'
    columns = ('project_id', 'created_at')

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the pod manager."""
        parser = super().get_parser(prog_name)
        self.add_which(parser)
        return parser

    def rows(
        self, parsed_args: argparse.Namespace, query: dict[str, Any]
    ) -> Iterable[Any]:
        """The projects of this pod manager."""
        found: Iterable[Any] = self.client.pod_manager_access(
            parsed_args.which
        )
        return found
