#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs Valence in DevStack. Enable it in local.conf with
#
#   [[local|localrc]]
#   enable_plugin valence https://opendev.org/openstack/valence
#   enable_service valence-simulator
#
# The service valence-simulator is optional. It simulates pod managers.

_valence_xtrace=$(set +o | grep xtrace)
set +o xtrace

# install_valence: install the service, the client, and the simulator if it is
# enabled.
function install_valence {
    setup_develop "$VALENCE_DIR"
    setup_develop "$VALENCE_DIR/client"
    if is_service_enabled valence-simulator; then
        setup_develop "$VALENCE_DIR/simulator"
    fi
}

# configure_valence: create the configuration file and the state directory.
function configure_valence {
    sudo install -d -o "$STACK_USER" -m 755 "$VALENCE_CONF_DIR"
    sudo install -d -o "$STACK_USER" -m 700 "$VALENCE_STATE_PATH"
    rm -f "$VALENCE_CONF"
    iniset "$VALENCE_CONF" DEFAULT state_path "$VALENCE_STATE_PATH"
    iniset "$VALENCE_CONF" DEFAULT auth_strategy keystone
    iniset "$VALENCE_CONF" database connection \
        "$(database_connection_url valence)"
    iniset "$VALENCE_CONF" oslo_middleware enable_proxy_headers_parsing True
    iniset_rpc_backend valence "$VALENCE_CONF"
    configure_keystone_authtoken_middleware "$VALENCE_CONF" valence
    setup_logging "$VALENCE_CONF"
    write_uwsgi_config "$VALENCE_UWSGI_CONF" \
        valence.wsgi.api:application "$VALENCE_SERVICE_PATH" "" valence-api
}

# create_valence_accounts: create the user, the service and its endpoints.
function create_valence_accounts {
    create_service_user valence service
    get_or_create_service valence composable "Composable hardware"
    get_or_create_endpoint composable "$REGION_NAME" \
        "$VALENCE_SERVICE_URL" "$VALENCE_SERVICE_URL" "$VALENCE_SERVICE_URL"
}

# init_valence: create the database and the first credential key.
function init_valence {
    recreate_database valence
    "$VALENCE_BIN_DIR/valence-manage" --config-file "$VALENCE_CONF" db sync
    "$VALENCE_BIN_DIR/valence-manage" --config-file "$VALENCE_CONF" \
        credential-keys create
}

# valence_simulators COMMAND: call COMMAND with the service, name, port and
# number of systems of each simulated pod manager.
function valence_simulators {
    local pod port=$VALENCE_SIMULATOR_FIRST_PORT
    for pod in $VALENCE_SIMULATED_PODS; do
        "$1" "valence-simulator-${pod%%=*}" "${pod%%=*}" "$port" "${pod#*=}"
        port=$((port + 1))
    done
}

function start_valence_simulator {
    local service=$1 port=$3 systems=$4
    run_process "$service" "$VALENCE_BIN_DIR/valence-simulator \
--personality rsd --host 127.0.0.1 --port $port --systems $systems \
--username admin --password $VALENCE_SIMULATOR_PASSWORD"
}

function stop_valence_simulator {
    stop_process "$1"
}

function register_valence_simulator {
    local name=$2 port=$3
    VALENCE_PODM_PASSWORD=$VALENCE_SIMULATOR_PASSWORD \
        openstack valence podmanager create \
        --url "http://127.0.0.1:$port" --username admin "$name"
}

# start_valence: start the API under uwsgi, a conductor, and the simulators.
function start_valence {
    if is_service_enabled valence-simulator; then
        valence_simulators start_valence_simulator
    fi
    run_process valence-api "$(which uwsgi) \
--procname-prefix valence-api --ini $VALENCE_UWSGI_CONF" \
        "" "" "VALENCE_CONFIG_FILES=$VALENCE_CONF"
    run_process valence-conductor "$VALENCE_BIN_DIR/valence-conductor \
--config-file $VALENCE_CONF"
    wait_for_service "$SERVICE_TIMEOUT" "$VALENCE_SERVICE_URL/healthcheck" ||
        die $LINENO "The API of Valence did not start"
}

function stop_valence {
    stop_process valence-api
    stop_process valence-conductor
    if is_service_enabled valence-simulator; then
        valence_simulators stop_valence_simulator
    fi
}

# cleanup_valence: remove all files except those of the database server.
function cleanup_valence {
    remove_uwsgi_config "$VALENCE_UWSGI_CONF" valence-api
    sudo rm -rf "$VALENCE_STATE_PATH" "$VALENCE_CONF_DIR"
}

if is_service_enabled valence-api valence-conductor; then
    case "${1:-} ${2:-}" in
        "stack pre-install")
            # All requirements are Python packages.
            :
            ;;
        "stack install")
            echo_summary "Installing Valence"
            install_valence
            ;;
        "stack post-config")
            echo_summary "Configuring Valence"
            configure_valence
            create_valence_accounts
            init_valence
            ;;
        "stack extra")
            echo_summary "Starting Valence"
            start_valence
            if is_service_enabled valence-simulator; then
                valence_simulators register_valence_simulator
            fi
            ;;
        "stack test-config")
            "$VALENCE_DIR/devstack/exercise.sh"
            ;;
    esac
    case "${1:-}" in
        unstack)
            stop_valence
            ;;
        clean)
            cleanup_valence
            ;;
    esac
fi

$_valence_xtrace
unset _valence_xtrace
