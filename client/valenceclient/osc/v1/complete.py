# SPDX-License-Identifier: Apache-2.0
"""``openstack valence complete``: completion in bash."""

import argparse
import importlib.metadata
import importlib.resources
import shlex

from valenceclient import schema
from valenceclient.osc import base
from valenceclient.osc import names
from valenceclient.osc import options

_GROUP = 'openstack.composable.v1'
# The bound of the one request for a completion.
_LIMIT = 500


class Complete(base.Command):
    """Print a script that completes names and requirements in bash.

    To use it: source <(openstack valence complete)
    """

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print the names of all requirements, then the script."""
        path = importlib.resources.files('valenceclient') / 'complete.bash'
        _print_array('_valence_names', _names())
        _print_array('_valence_lists', self._lists())
        print(path.read_text(encoding='utf-8'), end='')

    def _lists(self) -> dict[str, list[str]]:
        """Return the commands that list what can be given, as arguments.

        By command without "openstack valence", and by option. A command that
        accepts only one resource has a "1" first.
        """
        commands = {
            point.name.removeprefix('valence_').replace('_', ' '): point.load()
            for point in importlib.metadata.entry_points(group=_GROUP)
        }
        lists = {
            one.kind: [*name.split(), *_list_options(one.collection)]
            for name, one in commands.items()
            if issubclass(one, base.List) and '{' not in one.collection
        }
        found = {
            options.option_name(kind): listed
            for kind, listed in lists.items()
            if names.fields(kind) != {kind}
        }
        for name, one in commands.items():
            for action in one(self.app, None).get_parser(name)._actions:
                if action.dest == 'resource' and one.kind in lists:
                    single = ['1'] if action.nargs is None else []
                    found[name] = single + lists[one.kind]
        return found


def _list_options(collection: str) -> list[str]:
    """Return the options that list, in one request, what can be given."""
    named = 'name' in schema.filters(collection)
    what = ['name', '--sort-key', 'name'] if named else ['uuid']
    return ['--fields', *what, '--limit', str(_LIMIT)]


def _print_array(name: str, values: dict[str, list[str]]) -> None:
    lines = [
        f'    [{shlex.quote(key)}]={shlex.quote(" ".join(words))}'
        for key, words in values.items()
    ]
    print(f'declare -gA {name}=(', *lines, ')', sep='\n')


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
        options.requirement_option(group)[2:]: [group, *groups[group]]
        for group in options.REQUIREMENTS
    }
