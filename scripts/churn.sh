#!/bin/sh
# An hour of comings and goings pressed into minutes: namespaces are made and removed under traffic, links renamed, and moved from
# one namespace to another, while a trace watches. Afterwards the trace must hold no more descriptors than before, not much more
# memory, no rules, no threads, and every packet must have been seen where it was and nowhere else.
#
#   scripts/churn.sh PACKETWALK NAMESPACES [BATCH [OPTION…]]     BATCH at once, 10; OPTIONs of trace
#
# Needs no root, but for --hooks bpf. Prints one line for each thing that is wrong, and ends with status 1 if there was any.
set -u
program=$(realpath "$1") count=$2 batch=${3:-10}
if [ -z "${CHURN_INSIDE:-}" ]; then
    kinds=-Urnmpi
    case "$*" in *bpf*) kinds=-nmpi ;; esac
    CHURN_INSIDE=1 exec unshare $kinds --fork --mount-proc --kill-child sh "$0" "$@"
fi
[ $# -gt 3 ] && shift 3 || shift $#
mount --make-rprivate /
judge=$(cat "$(dirname "$0")/churn.py")
mount -t tmpfs none /run
mkdir -p /run/netns /run/bin /run/work
touch /run/bin/packetwalk
mount --bind "$program" /run/bin/packetwalk
export XTABLES_LOCKFILE=/run/xtables.lock PATH="$PATH:/usr/sbin:/sbin"
cd /run/work
printf '%s\n' "$judge" >judge.py

ip link set lo up
ip link add hub type bridge
ip link set hub up
ip addr add 198.18.0.1/15 dev hub
sysctl -qw net.ipv4.neigh.default.gc_thresh3=8192 2>/dev/null

address() { echo "198.$((18 + $1 / 60000)).$(($1 / 250 % 240 + 1)).$(($1 % 250 + 1))"; }
make() {
    ip netns add c$1
    ip link add p$1 type veth peer name eth0 netns c$1
    # What the bridge does not know yet would go to all.
    ip link set p$1 up master hub
    bridge link set dev p$1 flood off
    ip -n c$1 link set lo up
    ip -n c$1 addr add "$(address $1)"/15 dev eth0
    ip -n c$1 link set eth0 up
}
send() { ip netns exec c$1 ping -c 2 -i 0.05 -W 1 -q 198.18.0.1 >/dev/null 2>&1; }
rename() {
    ip -n c$1 link set eth0 down
    ip -n c$1 link set eth0 name lan0
    ip -n c$1 link set lan0 up
}
# A cable from the one to the other, whose end was somewhere else before.
move() {
    ip link add m$1 type veth peer name n$1
    ip link set m$1 up
    ip link set n$1 up
    ip link set m$1 netns c$1
    ip link set n$1 netns c$2
    ip -n c$1 addr add 192.0.2.1/24 dev m$1
    ip -n c$2 addr add 192.0.2.2/24 dev n$1
    ip -n c$1 link set m$1 up
    ip -n c$2 link set n$1 up
    ip netns exec c$1 ping -c 1 -W 1 -q 192.0.2.2 >/dev/null 2>&1
}

/run/bin/packetwalk trace --packets --format json "$@" icmp >walks 2>warnings &
trace=$!
for _ in $(seq 300); do
    ping -c 1 -W 1 198.18.0.1 >/dev/null
    sleep 0.2
    [ -s walks ] && break
done
[ -s walks ] || { echo "not armed: $(cat warnings)"; exit 1; }
descriptors() { ls /proc/$trace/fd | wc -l; }
threads() { ls /proc/$trace/task | wc -l; }
memory() { awk '/^VmRSS/ { print $2 }' /proc/$trace/status; }

round() {
    first=$1 last=$2
    for number in $(seq "$first" "$last"); do make "$number"; done
    # As long as it takes to be found.
    sleep 0.4
    senders=
    for number in $(seq "$first" "$last"); do
        send "$number" &
        senders="$senders $!"
    done
    wait $senders
    for number in $(seq "$first" "$last"); do
        case $((number % 4)) in
        0) rename "$number" ;;
        1) [ "$number" -lt "$last" ] && move "$number" $((number + 1)) ;;
        esac
    done
    sleep 0.2
    senders=
    for number in $(seq "$first" "$last"); do
        send "$number" &
        senders="$senders $!"
    done
    wait $senders
    for number in $(seq "$first" "$last"); do ip netns del c"$number"; done
}

# What a few rounds set aside for good stays.
number=1
settled=0
descriptors_before=0 memory_before=0 threads_before=0
while [ $number -le "$count" ]; do
    last=$((number + batch - 1))
    [ $last -gt "$count" ] && last=$count
    round $number $last
    number=$((last + 1))
    kill -0 $trace 2>/dev/null || { echo "the trace has ended: $(tail -n 5 warnings)"; exit 1; }
    if [ $settled = 0 ] && [ $number -gt $((count / 4)) ]; then
        settled=1
        sleep 3
        descriptors_before=$(descriptors) memory_before=$(memory) threads_before=$(threads)
    fi
done
sleep 5
failures=0
wrong() { echo "$1"; failures=$((failures + 1)); }
descriptors_after=$(descriptors) memory_after=$(memory) threads_after=$(threads)
[ "$descriptors_after" -le $((descriptors_before + 4)) ] || wrong "descriptors: $descriptors_before before, $descriptors_after after"
[ "$threads_after" -le $((threads_before + 1)) ] || wrong "threads: $threads_before before, $threads_after after"
[ "$memory_after" -le $((memory_before * 3 / 2 + 32768)) ] || wrong "memory: $memory_before kB before, $memory_after kB after"
# Whatever a descriptor of a namespace would keep alive.
ip netns list | grep -q . && wrong "namespaces are left: $(ip netns list | head -n 3)"
kill -INT $trace
wait $trace
status=$?
[ $status -le 1 ] || wrong "the trace ended with status $status: $(tail -n 5 warnings)"
{ nft list ruleset; iptables-nft-save; iptables-legacy-save; } 2>/dev/null | grep -q 'packetwalk[-:][0-9]' &&
    wrong "rules are left"
python3 judge.py walks || failures=$((failures + 1))
sort warnings | uniq -c | sort -rn | head -n 20
echo "$count namespaces, $batch at once: descriptors $descriptors_before to $descriptors_after, threads $threads_before to $threads_after, memory $memory_before to $memory_after kB; $failures things wrong"
[ $failures -eq 0 ]
