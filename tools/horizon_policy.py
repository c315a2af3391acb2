#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the default rules of the API in the form that Horizon reads."""

import argparse
import pathlib

import yaml

from valence import policies

_HEAD = '# The rules of Valence; written by "make samples".\n'


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output-file', type=pathlib.Path, required=True)
    path = parser.parse_args().output_file
    rules = [
        {
            'name': rule.name,
            'check_str': rule.check_str,
            'description': rule.description,
            'scope_types': rule.scope_types,
        }
        for rule in policies.list_rules()
    ]
    path.write_text(_HEAD + yaml.safe_dump(rules, sort_keys=False))


if __name__ == '__main__':
    main()
