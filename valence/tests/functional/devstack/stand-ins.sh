# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Stand-ins for those of devstack's functions that the plugin calls: the same
# names, arguments and outcomes, on a Keystone and a MariaDB that run already,
# for one user, without root.

# The name is all there is to a plugin that requires no other one.
function define_plugin {
    [[ $1 ]]
}

# A service that was disabled in local.conf stays so.
function enable_service {
    local service
    for service in "$@"; do
        if [[ ,$DISABLED_SERVICES, == *",$service,"* ]]; then
            echo "Attempt to enable $service when it has been disabled"
        elif ! is_service_enabled "$service"; then
            ENABLED_SERVICES+=",$service"
        fi
    done
}

function get_python_exec_prefix {
    echo "$TEST_BIN"
}

function echo_summary {
    echo "== $*"
}

function die {
    echo "line $1: $2" >&2
    exit 1
}

# The services are separated by commas. Ironic is enabled if one of its
# services is.
function is_service_enabled {
    local service
    for service in "$@"; do
        [[ ,$ENABLED_SERVICES, == *",$service,"* ]] && return 0
        [[ $service == ironic && ,$ENABLED_SERVICES == *,ir-* ]] && return 0
    done
    return 1
}

# What is tested is installed in the environment of the tests. devstack reads
# the name of the package in setup.cfg.
function setup_develop {
    grep -q '^name *= *[a-z]' "$1/setup.cfg" || die $LINENO "no package $1"
    echo "${1#"$VALENCE_DIR"}" >>"$DATA_DIR/installed"
}

function sudo {
    if [[ $1 == install ]]; then
        # Only root gives files away.
        local arguments=()
        while (($#)); do
            if [[ $1 == -o ]]; then
                shift
            else
                arguments+=("$1")
            fi
            shift
        done
        "${arguments[@]}"
    else
        "$@"
    fi
}

function iniset {
    "$TEST_BIN/python" - "$@" <<'PYTHON'
import configparser
import sys

path, section, option, value = sys.argv[1:]
parser = configparser.RawConfigParser()
parser.optionxform = str
parser.read(path)
if section != 'DEFAULT' and not parser.has_section(section):
    parser.add_section(section)
parser.set(section, option, value)
with open(path, 'w') as stream:
    parser.write(stream)
PYTHON
}

function iniset_rpc_backend {
    iniset "$2" "${3:-DEFAULT}" transport_url "$TEST_TRANSPORT_URL"
}

function setup_logging {
    iniset "$1" DEFAULT debug True
}

function configure_keystone_authtoken_middleware {
    local conf=$1 user=$2 section=${3:-keystone_authtoken}
    iniset "$conf" "$section" auth_type password
    iniset "$conf" "$section" auth_url "$OS_AUTH_URL"
    iniset "$conf" "$section" username "$user"
    iniset "$conf" "$section" password "$SERVICE_PASSWORD"
    iniset "$conf" "$section" user_domain_name Default
    iniset "$conf" "$section" project_name service
    iniset "$conf" "$section" project_domain_name Default
}

# The character set is the one with three bytes.
function database_connection_url {
    echo "$TEST_DATABASE_URL?charset=utf8"
}

function recreate_database {
    "$TEST_BIN/python" - <<'PYTHON'
import os

import sqlalchemy

url = sqlalchemy.make_url(os.environ['TEST_DATABASE_URL'])
engine = sqlalchemy.create_engine(url.set(database=None))
with engine.begin() as connection:
    name = f'`{url.database}`'
    connection.exec_driver_sql(f'DROP DATABASE IF EXISTS {name}')
    connection.exec_driver_sql(f'CREATE DATABASE {name} CHARACTER SET utf8')
PYTHON
}

# The user exists in the Keystone of the tests; the call has to be right.
function create_service_user {
    openstack role assignment list --user "$1" --project service \
        --role "${2:-service}" -f value | grep -q .
}

function get_or_create_service {
    openstack service show "$1" -f value -c id 2>/dev/null ||
        openstack service create --name "$1" --description "$3" "$2" \
            -f value -c id
}

function get_or_create_endpoint {
    local interface
    for interface in public internal admin; do
        local id
        for id in $(openstack endpoint list --service "$1" \
            --interface "$interface" -f value -c ID); do
            openstack endpoint delete "$id"
        done
    done
    openstack endpoint create --region "$2" "$1" public "$3" -f value -c id
}

function write_uwsgi_config {
    local conf=$1 wsgi=$2 url=$3 name=$5
    iniset "$conf" uwsgi http-socket "127.0.0.1:$TEST_API_PORT"
    iniset "$conf" uwsgi mount "$url=$wsgi"
    iniset "$conf" uwsgi manage-script-name true
    iniset "$conf" uwsgi lazy-apps true
    iniset "$conf" uwsgi enable-threads true
    iniset "$conf" uwsgi processes 2
    iniset "$conf" uwsgi die-on-term true
    iniset "$conf" uwsgi master true
    iniset "$conf" uwsgi add-header "Connection: close"
    [[ $name ]]
}

function remove_uwsgi_config {
    rm -f "$1"
}

# Nothing happens to services that are not enabled.
function run_process {
    local service=$1 command=$2 variables=${5:-}
    is_service_enabled "$service" || return 0
    [[ $command == /* ]] || die $LINENO "no absolute path: $command"
    # As devstack does, which has systemd start it: words, and no shell.
    # shellcheck disable=SC2086
    nohup env $variables $command >"$DATA_DIR/$service.log" 2>&1 </dev/null &
    echo $! >"$DATA_DIR/$service.pid"
}

function stop_process {
    is_service_enabled "$1" || return 0
    local file=$DATA_DIR/$1.pid pid
    pid=$(cat "$file")
    kill "$pid"
    local _
    for _ in $(seq 100); do
        # Nobody may wait for one that has ended.
        [[ $(ps -o stat= -p "$pid") == [!Z]* ]] || break
        sleep 0.1
    done
    rm "$file"
}

function wait_for_service {
    local timeout=$1 url=$2 _
    for _ in $(seq "$timeout"); do
        curl -sf -o /dev/null "$url" && return
        sleep 1
    done
    return 1
}
