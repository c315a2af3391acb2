# Completes hardware requirements of "openstack valence": their names, and the
# models, vendors and types that hardware has. All else is left to what
# "openstack complete" printed.

# What precedes this has the names.
declare -gA _valence_names _valence_choices=()
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

_valence_complete() {
    _valence_requirement "$@" || [[ ! $_valence_next ]] || "$_valence_next" "$@"
}

complete -F _valence_complete openstack
