# SPDX-License-Identifier: Apache-2.0
"""``openstack valence complete``: completion of hardware requirements."""

import argparse
import importlib.resources
import shlex

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import options


class Complete(base.Command):
    """Print a script that completes hardware requirements in bash.

    To use it: source <(openstack valence complete)
    """

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print the names of all requirements, then the script."""
        path = importlib.resources.files('valenceclient') / 'complete.bash'
        lines = [
            f'    [{option.removeprefix("--")}]={shlex.quote(" ".join(names))}'
            for option, names in _names().items()
        ]
        print('declare -gA _valence_names=(', *lines, ')', sep='\n')
        print(path.read_text(encoding='utf-8'), end='')


def _names() -> dict[str, list[str]]:
    """Return the groups of requirements, each with its names, by option.

    The first of them is the name of the group in the API.
    """
    known = schema.body('post', 'flavors')['properties']['properties']
    groups = {
        group: field.get('items', field)['properties']
        for group, field in known['properties'].items()
    }
    return {
        options.requirement_option(group): [group, *groups[group]]
        for group in options.REQUIREMENTS
    }
