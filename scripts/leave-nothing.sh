#!/bin/sh
# Lays hooks again and again in a sandbox and ends each run in another way, at a random moment; afterwards rules,
# namespaces and processes must be as before.
#
#   scripts/leave-nothing.sh PROGRAM SEED KILLS     PROGRAM auto|nftables|iptables lays hooks and waits
#
# Needs no root. Prints one line for each difference, and ends with status 1 if there was any.
set -u
program=$1 seed=$2 kills=$3

if [ -z "${LEAVE_NOTHING_INSIDE:-}" ]; then
    LEAVE_NOTHING_INSIDE=1 exec unshare -Urnm --kill-child sh "$0" "$@"
fi
mount -t tmpfs none /run
mkdir -p /run/netns
export XTABLES_LOCKFILE=/run/xtables.lock
PATH=$PATH:/usr/sbin:/sbin

# A router with rules of its own in every backend, and a neighbour with none.
ip link set lo up
ip netns add router
ip link add veth0 type veth peer name veth1 netns router
ip link set veth0 up
ip addr add 192.0.2.1/24 dev veth0
ip -n router link set veth1 up
ip -n router addr add 192.0.2.2/24 dev veth1
ip netns exec router iptables-nft -A FORWARD -p icmp -j ACCEPT
ip netns exec router iptables-nft -t mangle -A FORWARD -p tcp -j ACCEPT
ip netns exec router iptables-legacy -A INPUT -p icmp -m comment --comment 'packetwalk: not a run' -j ACCEPT
ip netns exec router iptables-legacy -A INPUT -p udp --dport 9 -j DROP
ip netns exec router iptables-legacy -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
ip netns exec router ip6tables-legacy -A INPUT -p udp --dport 9 -j DROP
# One logger set by somebody, one that is not.
ip netns exec router sh -c 'echo NONE >/proc/sys/net/netfilter/nf_log/2'
ip netns exec router nft -f - <<'RULES'
table inet fw {
    chain forward {
        type filter hook forward priority 10; policy accept
        ip daddr 198.51.100.9 counter drop
    }
}
RULES
ping -c 2 -i 0.05 -q 192.0.2.2 >/dev/null || { echo "the sandbox has no network"; exit 1; }

# Counters of rules are part of the state, those of policies are not: neighbour discovery goes on.
state() {
    ip netns list | sort
    for namespace in host router; do
        enter=
        [ $namespace = host ] || enter="ip netns exec $namespace"
        for save in iptables-legacy-save iptables-nft-save ip6tables-legacy-save ip6tables-nft-save; do
            echo "$namespace $save"
            $enter $save -c 2>/dev/null | grep -v '^#' | sed '/^:/s/ \[.*//'
        done
        echo "$namespace nf_log"
        $enter cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10
        echo "$namespace nft"
        $enter nft list ruleset 2>/dev/null
    done
}

marked() {
    grep -lzx "LEAVE_NOTHING_RUN=$$" /proc/[0-9]*/environ 2>/dev/null
}

sleep 0.3
state >/run/before
mkfifo /run/hold
exec 5<>/run/hold
failures=0
armed=0

# check WHAT: compares, once the run's guardian has done its work.
check() {
    for _ in $(seq 200); do
        [ -z "$(marked)" ] && break
        sleep 0.05
    done
    left=$(marked)
    [ -z "$left" ] || {
        echo "$1: a process is left"
        for file in $left; do
            echo "$file" "$(tr '\0' ' ' <"${file%environ}cmdline")" "$(cat "${file%environ}wchan")"
        done
        failures=$((failures + 1))
    }
    [ ! -d /run/packetwalk ] || { echo "$1: a journal is left"; ls /run/packetwalk; failures=$((failures + 1)); rm -r /run/packetwalk; }
    # The kernel lets go of what a killed process held open a moment after its end.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        state >/run/after
        cmp -s /run/before /run/after && return
        sleep 0.2
    done
    echo "$1: rules differ"
    diff /run/before /run/after
    failures=$((failures + 1))
    cp /run/after /run/before
}

start() {
    # Emptied here: the process that is made opens it when its turn comes, and what the last one said would be read until then.
    : >/run/out
    LEAVE_NOTHING_RUN=$$ "$program" "$1" <&5 >/run/out 2>/run/errors &
    run=$!
}

await() {
    for _ in $(seq 100); do
        grep -q '^armed' /run/out && return
        sleep 0.05
    done
    echo "$1: never armed: $(cat /run/errors)"
    failures=$((failures + 1))
}

for backend in auto nftables iptables; do
    for signal in INT TERM; do
        start $backend
        await "$backend, SIG$signal"
        # The hooks are there: without this the comparison below would say nothing.
        state | cmp -s /run/before - && { echo "$backend: no hook was laid"; failures=$((failures + 1)); }
        # Traces of iptables-legacy are heard by NFLOG, except where only nftables may be used.
        logger=$(ip netns exec router cat /proc/sys/net/netfilter/nf_log/2)
        case $backend,$logger in
        auto,nfnetlink_log | iptables,nfnetlink_log | nftables,NONE) ;;
        *) echo "$backend: nf_log is $logger"; failures=$((failures + 1)) ;;
        esac
        kill -s $signal $run
        wait $run || { echo "$backend, SIG$signal: status $?"; failures=$((failures + 1)); }
        check "$backend, SIG$signal"
    done
    start $backend
    await "$backend, normal end"
    echo >&5
    wait $run || { echo "$backend, normal end: status $?"; failures=$((failures + 1)); }
    read -r _ <&5
    check "$backend, normal end"
done

moments=$(awk -v seed="$seed" -v count="$kills" 'BEGIN { srand(seed); for (; count > 0; count--) printf "%.3f\n", rand() * rand() * 0.6 }')
for backend in auto iptables; do
    for moment in $moments; do
        start $backend
        sleep "$moment"
        grep -q '^armed' /run/out && armed=$((armed + 1))
        kill -9 $run 2>/dev/null
        wait $run 2>/dev/null
        check "$backend, SIGKILL after $moment s"
    done
done
echo "seed $seed: killed $((2 * kills)) runs, $armed of them fully armed; $failures differences"
[ $failures -eq 0 ]
