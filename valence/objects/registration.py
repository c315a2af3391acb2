# SPDX-License-Identifier: Apache-2.0
"""What was handed over to a provisioner of a node."""

from typing import TypedDict

from valence.common.types import JsonObject


class Registration(TypedDict, total=False):
    """What was handed over to a provisioner, or what it shows of that.

    What is left out is not known.

    :param name: the name that was given to the node at first. It may be
        renamed there, so names are not compared.
    :param driver: hardware type.
    :param driver_info: address, system and further parameters, no secrets.
    :param login: identifies address and login of the hardware, and does not
        disclose the password.
    :param owner: project that may change the node there.
    :param lessee: project that may use the node there.
    :param macs: MAC addresses of its ports.
    :param extra: what is in ``extra`` of where it is.
    :param conductor_group: missing if none was chosen.
    :param shard: missing if none was chosen.
    :param ports: what was requested for its ports.
    """

    name: str
    driver: str
    driver_info: JsonObject
    login: str
    resource_class: str | None
    traits: list[str]
    owner: str | None
    lessee: str | None
    macs: list[str]
    extra: JsonObject
    conductor_group: str
    shard: str
    ports: list[JsonObject]
