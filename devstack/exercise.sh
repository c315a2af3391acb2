#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tests a running Valence with the openstack command: composes a node on a
# simulated pod manager, shows it, resets it and releases it. It needs the
# credentials of an administrator in the environment.

set -o errexit -o nounset -o pipefail

name=exercise-$$

function valence {
    openstack valence "$@"
}

# wait_online: wait until all pod managers are online with an inventory.
function wait_online {
    local _
    for _ in $(seq 60); do
        if ! valence podmanager list -f value -c status | grep -qv online &&
            [[ -n $(valence system list -f value -c uuid) ]]; then
            return
        fi
        sleep 1
    done
    echo "The pod managers did not come online" >&2
    return 1
}

valence podmanager list
wait_online
valence system list
valence node compose --wait "$name"
valence node show "$name"
valence node reset --wait "$name" ForceOff
valence node delete --wait "$name"
echo "Valence composed a node and released it."
