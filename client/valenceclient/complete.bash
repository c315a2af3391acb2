# Completes for "openstack valence" the names of resources, and hardware
# requirements: their names, and the models, vendors and types that hardware
# has. All else is left to what "openstack complete" printed.

# What precedes this has the names.
declare -gA _valence_names _valence_lists _valence_choices=()
if [[ $(complete -p openstack 2> /dev/null) =~ -F\ ([^ ]+) ]]; then
    [[ ${BASH_REMATCH[1]} == _valence_complete ]] ||
        _valence_next=${BASH_REMATCH[1]}
fi

# The service is asked until it has an answer, once for each requirement.
# Options before "valence" tell which service.
_valence_choose() {
    local -a command
    read -ra command <<< "${COMP_LINE%% valence *}"
    [[ ${_valence_choices[$1]} ]] || _valence_choices[$1]=$(
        "${command[@]}" valence flavor choices "$1" -f value -c value \
            2> /dev/null
    )
}

# The word before the cursor has what bash replaces, $2, at its end.
_valence_requirement() {
    local line=${COMP_LINE:0:COMP_POINT} quote='' typed
    local plain="^openstack .*--([a-z-]+)[ =]+(([^] \"'\\\\]|\\\\.)*)$"
    local quoted="^openstack .*--([a-z-]+)[ =]+([\"'])([^\"']*)$"
    if [[ $line =~ $plain ]]; then
        typed=${BASH_REMATCH[2]}
    elif [[ $line =~ $quoted ]]; then
        quote=${BASH_REMATCH[2]} typed=${BASH_REMATCH[3]}
    else
        return 1
    fi
    local -a names
    read -ra names <<< "${_valence_names[${BASH_REMATCH[1]}]}"
    [[ ${names[0]} && $line == *' valence '* ]] || return 1
    local part=${typed##*,} before one
    COMPREPLY=()
    if [[ $part != *=* ]]; then
        before=${typed%"$part"}
        for one in "${names[@]:1}"; do
            [[ $one == "$part"* ]] && COMPREPLY+=("$before$one=")
        done
        compopt -o nospace
    else
        local value=${part##*[=|]}
        before=${typed%"$value"}
        [[ $quote ]] || value=${value//\\/}
        _valence_choose "${names[0]}.${part%%=*}"
        while IFS= read -r one; do
            [[ $one && ${one,,} == "${value,,}"* ]] || continue
            [[ $quote ]] || printf -v one %q "$one"
            COMPREPLY+=("$before$one")
        done <<< "${_valence_choices[${names[0]}.${part%%=*}]}"
    fi
    [[ $quote ]] || COMPREPLY=("${COMPREPLY[@]#"${typed%"$2"}"}")
}

# Resources come and go: a list is kept only for as long as somebody types.
_valence_list() {
    [[ $_valence_listed == "$1" && $SECONDS -lt $_valence_until ]] && return
    local -a command arguments
    read -ra command <<< "${COMP_LINE%% valence *}"
    read -ra arguments <<< "$1"
    _valence_rows=$(
        "${command[@]}" valence "${arguments[@]}" -f value 2> /dev/null
    ) || _valence_rows=''
    _valence_listed=$1 _valence_until=$((SECONDS + 10))
}

# Either an option before the cursor or the command tells what is listed.
_valence_resource() {
    local line=${COMP_LINE:0:COMP_POINT} quote='' before typed
    local start='^openstack (.* )?valence '
    local plain="$start((.*[^\\\\] )?)(([^ \"'\\\\]|\\\\.)*)$"
    local quoted="$start((.* )?)([\"'])([^\"']*)$"
    local quotes=${line//[^\"\']/}
    if [[ $((${#quotes} % 2)) -eq 1 ]]; then
        [[ $line =~ $quoted ]] || return 1
        quote=${BASH_REMATCH[4]} typed=${BASH_REMATCH[5]}
    else
        [[ $line =~ $plain ]] || return 1
        typed=${BASH_REMATCH[4]}
    fi
    before=${BASH_REMATCH[2]}
    local -a words
    read -ra words <<< "$before"
    [[ ${#words[@]} -gt 0 ]] || return 1
    local found=${_valence_lists[${words[-1]}]} count key
    for count in 4 3 2; do
        [[ ${#words[@]} -ge $count && ! $found ]] || continue
        key=${words[*]:0:count}
        found=${_valence_lists[$key]}
        # "1" if only one resource is accepted.
        [[ $found != 1* || ${#words[@]} -eq $count ]] || return 1
    done
    [[ $found && $typed != -* ]] || return 1
    [[ ${words[-1]} != -* || ${_valence_lists[${words[-1]}]} ]] || return 1
    _valence_list "${found#1 }"
    local one value=$typed
    [[ $quote ]] || value=${typed//\\/}
    COMPREPLY=()
    while IFS= read -r one; do
        [[ $one && $one == "$value"* ]] || continue
        [[ $quote ]] || printf -v one %q "$one"
        COMPREPLY+=("$one")
    done <<< "$_valence_rows"
    [[ $quote ]] || COMPREPLY=("${COMPREPLY[@]#"${typed%"$2"}"}")
    [[ ${#COMPREPLY[@]} -gt 0 ]]
}

_valence_complete() {
    _valence_requirement "$@" || _valence_resource "$@" ||
        [[ ! $_valence_next ]] || "$_valence_next" "$@"
}

complete -F _valence_complete openstack
