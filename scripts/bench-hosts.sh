#!/bin/bash
# Measures `explain` on hosts of several sizes, beside what it costs other programs to list as much in the same sandbox:
# the rules of the host, and one empty command in each namespace.
#   scripts/bench-hosts.sh                     2 and 200 namespaces, none and 10,000 rules
#   scripts/bench-hosts.sh .build/debug/packetwalk
# Seconds are those of the clock, the best of three runs one after the other.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" != --inside ]; then
    command=$(realpath "${1:-$here/.build/release/packetwalk}")
    printf '%-38s %8s %8s %8s %8s %8s\n' host explain --whole map list ratio
    for host in '2 0 none' '200 0 none' '2 10000 nft' '200 10000 nft' '200 10000 iptables' '200 10000 iptables-legacy'; do
        # shellcheck disable=SC2086
        "$here/scripts/large-host.sh" $host bash "$here/scripts/bench-hosts.sh" --inside "$command" "$host"
    done
    echo 'list: nft list ruleset and iptables-save in the host, ip -all netns exec true; ratio: explain / list'
    exit
fi
command=$2 host=$3
best() {
    best=
    for _ in 1 2 3; do
        seconds=$( { TIMEFORMAT=%R; time "$@" >/run/output 2>/run/errors; } 2>&1 )
        best=$(awk "BEGIN { print (\"$best\" == \"\" || $seconds < \"$best\" + 0) ? $seconds : \"$best\" }")
    done
}
list() {
    nft list ruleset
    case $host in *iptables*) "${host##* }-save" ;; esac
    ip -all netns exec true
}
# Settled: what hundreds of namespaces say to each other when they come up has died away.
best "$command" explain --from n1 198.51.100.1
grep -q delivered /run/output || { echo "bench-hosts: not delivered" >&2; cat /run/output /run/errors >&2; exit 1; }
explain=$best
best "$command" explain --whole --from n1 198.51.100.1
whole=$best
best "$command" map
map=$best
best list
awk "BEGIN { printf \"%-38s %8.2f %8.2f %8.2f %8.2f %8.2f\n\", \"$host\", $explain, $whole, $map, $best, $explain / $best }"
