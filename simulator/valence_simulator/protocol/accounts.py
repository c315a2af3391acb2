# SPDX-License-Identifier: Apache-2.0
"""The account service: one user and the standard roles."""

from __future__ import annotations

from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link

SERVICE = f'{ROOT}/AccountService'
ACCOUNTS = f'{SERVICE}/Accounts'
ROLES = f'{SERVICE}/Roles'
OK = {'State': 'Enabled', 'Health': 'OK'}

#: The roles of DSP0266 with their privileges.
STANDARD_ROLES = {
    'Administrator': [
        'Login',
        'ConfigureManager',
        'ConfigureUsers',
        'ConfigureComponents',
        'ConfigureSelf',
    ],
    'Operator': ['Login', 'ConfigureComponents', 'ConfigureSelf'],
    'ReadOnly': ['Login', 'ConfigureSelf'],
}


def add(tree: Tree, username: str | None) -> None:
    """Add the account service and its resources to a tree."""
    account = f'{ACCOUNTS}/1'
    tree.add(SERVICE, _render_service)
    tree.add_collection(
        ACCOUNTS,
        'ManagerAccountCollection',
        'Accounts',
        lambda: [account] if username else [],
    )
    tree.add_collection(
        ROLES,
        'RoleCollection',
        'Roles',
        lambda: [f'{ROLES}/{role}' for role in STANDARD_ROLES],
    )
    for role in STANDARD_ROLES:
        tree.add(f'{ROLES}/{role}', lambda role=role: _render_role(role))
    if username:
        tree.add(account, lambda: _render_account(account, username))


def _render_service() -> dict:
    return document(
        SERVICE,
        'AccountService.v1_2_0.AccountService',
        'Account Service',
        Description='Users of the service and their roles',
        Status=OK,
        ServiceEnabled=True,
        Accounts=link(ACCOUNTS),
        Roles=link(ROLES),
    )


def _render_account(uri: str, username: str) -> dict:
    return document(
        uri,
        'ManagerAccount.v1_1_0.ManagerAccount',
        f'Account of {username}',
        Description='Account of a user',
        UserName=username,
        Password=None,
        RoleId='Administrator',
        Enabled=True,
        Locked=False,
        Links={'Role': link(f'{ROLES}/Administrator')},
    )


def _render_role(role: str) -> dict:
    return document(
        f'{ROLES}/{role}',
        'Role.v1_2_0.Role',
        f'Role {role}',
        Description='Standard role',
        RoleId=role,
        IsPredefined=True,
        AssignedPrivileges=STANDARD_ROLES[role],
        OemPrivileges=[],
    )
