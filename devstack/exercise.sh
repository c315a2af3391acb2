#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tries a running Valence through the openstack command: composes a node on a
# simulated pod manager, looks at it, and gives it back. It needs the
# credentials of an administrator in the environment.

set -o errexit -o nounset -o pipefail

name=exercise-$$

function valence {
    openstack valence "$@"
}

# wait_online: have every pod manager answer, and its inventory be in.
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
echo "Valence composed a node and gave it back."
