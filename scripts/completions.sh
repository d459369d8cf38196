#!/bin/sh
# Prints the completion script for a shell: completions.sh PROGRAM bash|zsh|fish
#
# It is the one of the parser, and two things that the parser knows nothing of: behind -- a command and its own words, and
# behind help the codes of causes.
set -eu
program=$1
case $2 in
bash)
    "$program" --generate-completion-script bash | sed '1{/^#!/d}; /^complete -o filenames -F _packetwalk packetwalk$/d'
    cat <<'BASH'
# Behind -- stands a command: what it offers itself; behind help also a cause.
_packetwalk_whole() {
    local word
    for ((word = 1; word < COMP_CWORD; word++)); do
        if [[ "${COMP_WORDS[word]}" == -- ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((word + 1))
            elif ((COMP_CWORD == word + 1)); then
                mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
            fi
            return
        fi
    done
    if [[ "${COMP_WORDS[1]:-}" == help ]] && ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W "codes $("${COMP_WORDS[0]}" help codes 2>/dev/null)" -- "${COMP_WORDS[2]}")
        return
    fi
    _packetwalk "$@"
}

complete -o filenames -F _packetwalk_whole packetwalk
BASH
    ;;
zsh)
    # Its own function is called by another one; the last lines, which call or announce it, are replaced.
    "$program" --generate-completion-script zsh |
        sed 's/^_packetwalk() {$/_packetwalk_parser() {/; /^if \[\[ "${funcstack\[1\]}" = _packetwalk \]\]/,$d'
    cat <<'ZSH'
# Behind -- stands a command: what it offers itself; behind help also a cause.
_packetwalk() {
    local -i mark=${words[(I)--]}
    if (( mark > 1 && mark < CURRENT )); then
        shift $mark words
        (( CURRENT -= mark ))
        _normal
    elif [[ "${words[2]}" = help ]] && (( CURRENT == 3 )); then
        local -a codes
        codes=(codes ${(f)"$(${words[1]} help codes 2>/dev/null)"})
        compadd -a codes
    else
        _packetwalk_parser "${@}"
    fi
}

if [[ "${funcstack[1]}" = _packetwalk ]]; then
    _packetwalk "${@}"
else
    compdef _packetwalk packetwalk
fi
ZSH
    ;;
fish)
    "$program" --generate-completion-script fish
    cat <<'FISH'
# Behind -- stands a command: what it offers itself; behind help also a cause.
complete -c packetwalk -n 'contains -- -- (commandline -opc)' -xa '(
    set -l words (commandline -opc) (commandline -ct)
    set -l mark (contains -i -- -- $words)
    complete -C (string join " " -- $words[(math $mark + 1)..-1]))'
complete -c packetwalk -n 'test (count (commandline -opc)) -eq 2; and string match -q help (commandline -opc)[2]' \
    -fa '(packetwalk help codes 2>/dev/null)'
FISH
    ;;
*)
    echo "completions: no shell $2: bash, zsh or fish" >&2
    exit 64
    ;;
esac
