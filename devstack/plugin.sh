#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs Valence in DevStack. Enable it in local.conf with
#
#   [[local|localrc]]
#   enable_plugin valence https://opendev.org/openstack/valence
#   enable_service valence-simulator
#
# The service valence-simulator is optional. It simulates pod managers. Examples
# are in devstack/local.conf.sample and devstack/local.conf.subnode.sample.

_valence_xtrace=$(set +o | grep xtrace)
set +o xtrace

# is_valence_enabled: whether any service of Valence is enabled on this host.
function is_valence_enabled {
    is_service_enabled valence-api valence-conductor
}

# install_valence: install the service, the client, and the simulator and the
# dashboard where they are enabled.
function install_valence {
    setup_develop "$VALENCE_DIR"
    setup_develop "$VALENCE_DIR/client"
    if is_service_enabled valence-simulator; then
        setup_develop "$VALENCE_DIR/simulator"
    fi
    if is_service_enabled horizon; then
        setup_develop "$VALENCE_DIR/dashboard"
    fi
}

# configure_valence: create the configuration file and the state directory.
function configure_valence {
    sudo install -d -o "$STACK_USER" -m 755 "$VALENCE_CONF_DIR"
    sudo install -d -o "$STACK_USER" -m 700 "$VALENCE_STATE_PATH"
    rm -f "$VALENCE_CONF"
    # It contains passwords.
    install -m 640 /dev/null "$VALENCE_CONF"
    iniset "$VALENCE_CONF" DEFAULT state_path "$VALENCE_STATE_PATH"
    iniset "$VALENCE_CONF" DEFAULT auth_strategy keystone
    iniset "$VALENCE_CONF" database connection \
        "$(database_connection_url valence)"
    iniset "$VALENCE_CONF" oslo_middleware enable_proxy_headers_parsing True
    iniset_rpc_backend valence "$VALENCE_CONF"
    configure_keystone_authtoken_middleware "$VALENCE_CONF" valence
    if is_service_enabled ironic; then
        configure_valence_ironic
    fi
    setup_logging "$VALENCE_CONF"
    if is_service_enabled valence-api; then
        write_uwsgi_config "$VALENCE_UWSGI_CONF" \
            valence.wsgi.api:application "$VALENCE_SERVICE_PATH" "" valence-api
    fi
}

# configure_valence_ironic: let conductors register nodes in Ironic. Ironic
# shows the nodes of all projects to system administrators.
function configure_valence_ironic {
    local option
    for option in auth_type=password auth_url="$KEYSTONE_SERVICE_URI" \
        username=valence password="$SERVICE_PASSWORD" \
        user_domain_name="$SERVICE_DOMAIN_NAME" system_scope=all \
        region_name="$REGION_NAME"; do
        iniset "$VALENCE_CONF" ironic "${option%%=*}" "${option#*=}"
    done
}

# configure_valence_dashboard: have Horizon, which starts later, show the
# panels.
function configure_valence_dashboard {
    cp "$VALENCE_DIR"/dashboard/valence_dashboard/enabled/_[0-9]*.py \
        "$HORIZON_DIR/openstack_dashboard/local/enabled/"
}

# create_valence_accounts: create the user, the service and its endpoints.
function create_valence_accounts {
    create_service_user valence service
    if is_service_enabled ironic; then
        openstack role add --user valence \
            --user-domain "$SERVICE_DOMAIN_NAME" --system all admin
    fi
    get_or_create_service valence composable "Composable hardware"
    get_or_create_endpoint composable "$REGION_NAME" \
        "$VALENCE_SERVICE_URL" "$VALENCE_SERVICE_URL" "$VALENCE_SERVICE_URL"
}

# create_valence_keys: create the keys that encrypt passwords. All hosts need
# the same.
function create_valence_keys {
    local keys=$VALENCE_STATE_PATH/credential-keys
    if [[ -n $VALENCE_CREDENTIAL_KEY ]]; then
        install -d -m 700 "$keys"
        (umask 077 && echo "$VALENCE_CREDENTIAL_KEY" >"$keys/1")
    elif is_service_enabled valence-api; then
        "$VALENCE_BIN_DIR/valence-manage" --config-file "$VALENCE_CONF" \
            credential-keys create
    else
        die $LINENO "Set VALENCE_CREDENTIAL_KEY on all hosts"
    fi
}

# init_valence: create the database.
function init_valence {
    recreate_database valence
    "$VALENCE_BIN_DIR/valence-manage" --config-file "$VALENCE_CONF" db sync
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

function valence_simulator_password {
    echo "${VALENCE_SIMULATOR_PASSWORD:-$SERVICE_PASSWORD}"
}

function start_valence_simulator {
    local service=$1 port=$3 systems=$4
    run_process "$service" "$VALENCE_BIN_DIR/valence-simulator \
--personality rsd --host 127.0.0.1 --port $port --systems $systems \
--username admin --password $(valence_simulator_password)"
}

function stop_valence_simulator {
    stop_process "$1"
}

function register_valence_simulator {
    local name=$2 port=$3
    VALENCE_PODM_PASSWORD=$(valence_simulator_password) \
        openstack valence podmanager create \
        --url "http://127.0.0.1:$port" --username admin "$name"
}

# start_valence: start the API under uwsgi, a conductor, and the simulators,
# each where it is enabled.
function start_valence {
    if is_service_enabled valence-simulator; then
        valence_simulators start_valence_simulator
    fi
    run_process valence-conductor "$VALENCE_BIN_DIR/valence-conductor \
--config-file $VALENCE_CONF"
    if is_service_enabled valence-api; then
        run_process valence-api "$(which uwsgi) \
--procname-prefix valence-api --ini $VALENCE_UWSGI_CONF" \
            "" "" "VALENCE_CONFIG_FILES=$VALENCE_CONF"
        wait_for_service "$SERVICE_TIMEOUT" \
            "$VALENCE_SERVICE_URL/healthcheck" ||
            die $LINENO "The API of Valence did not start"
    fi
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
    if [[ -d ${HORIZON_DIR:-} ]]; then
        local file
        for file in "$VALENCE_DIR"/dashboard/valence_dashboard/enabled/_[0-9]*.py; do
            rm -f "$HORIZON_DIR/openstack_dashboard/local/enabled/${file##*/}"
        done
    fi
}

if is_valence_enabled; then
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
            create_valence_keys
            if is_service_enabled horizon; then
                configure_valence_dashboard
            fi
            # The host of the API owns the database and the accounts.
            if is_service_enabled valence-api; then
                create_valence_accounts
                init_valence
            fi
            ;;
        "stack extra")
            echo_summary "Starting Valence"
            start_valence
            if is_service_enabled valence-simulator; then
                valence_simulators register_valence_simulator
            fi
            ;;
        "stack test-config")
            if is_service_enabled valence-simulator; then
                "$VALENCE_DIR/devstack/exercise.sh"
            fi
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
elif is_service_enabled horizon; then
    # The dashboard may run on a host without any other part of Valence.
    case "${1:-} ${2:-}" in
        "stack install")
            setup_develop "$VALENCE_DIR/client"
            setup_develop "$VALENCE_DIR/dashboard"
            ;;
        "stack post-config")
            configure_valence_dashboard
            ;;
    esac
fi

$_valence_xtrace
unset _valence_xtrace
