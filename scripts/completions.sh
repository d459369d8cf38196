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
    # The file is run as the function of its own name: what comes first decides.
    "$program" --generate-completion-script zsh | sed '1d' | {
        cat <<'ZSH'
#compdef packetwalk

# Behind -- stands a command: what it offers itself; behind help also a cause.
if [[ "${funcstack[1]}" = _packetwalk ]]; then
    if (( ${words[(I)--]} > 1 && ${words[(I)--]} < CURRENT )); then
        integer mark=${words[(I)--]}
        shift $mark words
        (( CURRENT -= mark ))
        _normal
        return
    fi
    if [[ "${words[2]}" = help ]] && (( CURRENT == 3 )); then
        local -a codes
        codes=(codes ${(f)"$(_call_program codes ${words[1]} help codes 2>/dev/null)"})
        compadd -a codes
        return
    fi
fi

ZSH
        cat
    }
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
