#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Takes the plugin through the phases that are named, as stack.sh, unstack.sh
# and clean.sh do: "stack install", "unstack" …

set -o errexit -o nounset -o pipefail

here=$(dirname "$0")
# shellcheck source=valence/tests/functional/devstack/stand-ins.sh
source "$here/stand-ins.sh"
# stack.sh asks for the password after it has read the settings.
password=$SERVICE_PASSWORD
unset SERVICE_PASSWORD
# shellcheck source=devstack/settings
source "$VALENCE_DIR/devstack/settings"
export SERVICE_PASSWORD=$password
for phase in "$@"; do
    # shellcheck disable=SC2086
    source "$VALENCE_DIR/devstack/plugin.sh" $phase
done
