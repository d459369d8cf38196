#!/bin/bash
# Measures `explain`, `predict` and `snapshot` on hosts of several sizes, each beside what the same work costs other programs
# in the same sandbox.
#   scripts/bench-hosts.sh                     2 and 200 namespaces, none and 10,000 rules
#   scripts/bench-hosts.sh .build/debug/packetwalk
# Seconds are those of the clock, the best of three runs one after the other; of the search for a cause, one run.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" != --inside ]; then
    command=$(realpath "${1:-$here/.build/release/packetwalk}")
    for host in '2 0 none' '200 0 none' '2 10000 nft' '200 10000 nft' '200 10000 iptables' '200 10000 iptables-legacy'; do
        # shellcheck disable=SC2086
        "$here/scripts/large-host.sh" $host bash "$here/scripts/bench-hosts.sh" --inside "$command" "$host"
    done
    exit
fi
command=$2 host=$3
rules=${host#* }
rules=${rules%% *}
best() {
    best=
    for _ in $(seq "${times:-3}"); do
        seconds=$( { TIMEFORMAT=%R; time "$@" >/run/output 2>/run/errors; } 2>&1 ) || :
        best=$(awk "BEGIN { print (\"$best\" == \"\" || $seconds < \"$best\" + 0) ? $seconds : \"$best\" }")
    done
}
# line WHAT SECONDS [PEER SECONDS]: with the ratio of the two.
line() {
    awk -v what="$1" -v ours="$2" -v peer="${3:-}" -v theirs="${4:-0}" 'BEGIN {
        printf "  %-34s %7.2f s", what, ours
        if (peer != "") printf "   %-42s %7.2f s   ratio %5.2f", peer, theirs, ours / theirs
        printf "\n" }'
}
rulesets() {
    nft list ruleset
    case $host in *iptables*) "${host##* }-save" ;; esac
}
list() {
    rulesets
    ip -all netns exec true
}
# What a snapshot reads, by the programs themselves: one namespace after the other.
inside() {
    printf 'link show\naddr show\nroute show table all\nrule show\nneigh show\n' >/run/batch
    for family in -4 -6; do "$@" ip $family -N -j -d -batch /run/batch; done
    "$@" nft list ruleset
    "$@" sysctl -a -r '^net'
}
listing() {
    rulesets
    inside env
    for name in $(ip netns list | cut -d' ' -f1); do inside ip netns exec "$name"; done
}
delivered() {
    grep -q "$1" /run/output || { echo "bench-hosts: not $1" >&2; cat /run/output /run/errors >&2; exit 1; }
}

echo "$host"
# Settled: what hundreds of namespaces say to each other when they come up has died away.
best list
list=$best
best "$command" explain --from n1 198.51.100.1
delivered delivered
line 'explain' "$best" 'the rules listed, an empty command in each' "$list"
best "$command" explain --twin none --from n1 198.51.100.1
line 'explain --twin none' "$best"
best "$command" explain --whole --twin none --from n1 198.51.100.1
line 'explain --whole --twin none' "$best"
best "$command" map
line 'map' "$best"

best "$command" snapshot -o /run/host.json
snapshot=$best
best listing
line 'snapshot' "$snapshot" 'ip -j, nft, sysctl in each' "$best"

"$command" twin --live --in host --in n1 --in wan >/run/bench-twin.sh 2>/run/errors
# The sandbox of the script has a /run of its own.
mv /run/bench-twin.sh /tmp/bench-twin.$$
trap 'rm -f /tmp/bench-twin.$$' EXIT
best sh /tmp/bench-twin.$$ ip netns exec n1 ping -c 1 -W 2 198.51.100.1
script=$best
best "$command" predict --from n1 198.51.100.1
delivered delivered
line 'predict' "$best" 'the script of the three, and a ping' "$script"

# A packet that a rule drops, or that nobody takes.
if [ "$rules" -gt 0 ]; then failing='203.0.0.5 --tcp 6'; else failing='10.9.200.200'; fi
# shellcheck disable=SC2086
best "$command" explain --twin none --from n1 $failing
alone=$best
# shellcheck disable=SC2086
best "$command" explain --from n1 $failing
line 'explain, a packet that fails' "$best" 'the same with --twin none' "$alone"
# Dozens of trials: once.
times=1
# shellcheck disable=SC2086
best "$command" explain --cause-by-experiment-alone --from n1 $failing
line 'the same, its cause by trials alone' "$best" 'the same with --twin none' "$alone"
