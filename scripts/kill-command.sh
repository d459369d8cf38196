#!/bin/sh
# Kills the command itself (trace, explain, record) with SIGKILL at random moments, in a sandbox; afterwards everything
# must be as before: rules of every backend with their counters and handles, namespaces, processes, settings, mounts,
# files, packet sockets, promiscuous devices.
#
#   scripts/kill-command.sh PACKETWALK SEED KILLS     KILLS runs with each hook backend
#
# Needs no root. Prints one line for each difference, and ends with status 1 if there was any.
set -u
program=$(realpath "$1") seed=$2 kills=$3

if [ -z "${KILL_COMMAND_INSIDE:-}" ]; then
    KILL_COMMAND_INSIDE=1 exec unshare -Urnmpi --fork --mount-proc --kill-child sh "$0" "$@"
fi
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/netns /run/bin /run/work
touch /run/bin/packetwalk
mount --bind "$program" /run/bin/packetwalk
mount -t tmpfs none /tmp
mount -t tmpfs none /var/tmp
export XTABLES_LOCKFILE=/run/xtables.lock PATH="$PATH:/usr/sbin:/sbin"
cd /run/work
program=/run/bin/packetwalk

# Three routers on a bridge: rules of iptables-legacy, of iptables-nft, and of both beside nft.
namespaces="host legacy nft mixed"
enter() {
    where=$1
    shift
    if [ "$where" = host ]; then "$@"; else nsenter --net=/run/netns/"$where" "$@"; fi
}
ip link set lo up
ip link add mybridge type bridge
ip link set mybridge up
ip addr add 192.0.2.1/24 dev mybridge
number=2
for name in legacy nft mixed; do
    ip netns add $name
    ip link add veth-$name type veth peer name eth0 netns $name
    ip link set veth-$name up master mybridge
    enter $name ip link set eth0 up
    enter $name ip addr add 192.0.2.$number/24 dev eth0
    number=$((number + 1))
done
legacy_rules() {
    enter "$1" iptables-legacy -A INPUT -p icmp -m comment --comment 'packetwalk: not a run' -j ACCEPT
    enter "$1" iptables-legacy -A INPUT -p udp --dport 9 -j DROP
    enter "$1" iptables-legacy -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
    enter "$1" ip6tables-legacy -A INPUT -p udp --dport 9 -j DROP
}
nft_rules() {
    enter "$1" iptables-nft -A FORWARD -p icmp -j ACCEPT
    enter "$1" iptables-nft -t mangle -A FORWARD -p tcp -j ACCEPT
    enter "$1" ip6tables-nft -A FORWARD -p tcp -j ACCEPT
}
legacy_rules legacy
nft_rules nft
nft_rules mixed
legacy_rules mixed
enter mixed nft -f - <<'RULES'
table inet fw {
    chain forward {
        type filter hook forward priority 10; policy accept
        ip daddr 198.51.100.9 counter drop
    }
}
RULES
for address in 2 3 4; do
    ping -c 2 -i 0.05 -q 192.0.2.$address >/dev/null || { echo "the sandbox has no network"; exit 1; }
done

# Counters of rules are part of the state, but for those that the runs' own echo requests meet; those of policies are
# not: neighbour discovery goes on.
state() {
    ip netns list | sort
    for namespace in $namespaces; do
        for save in iptables-legacy-save iptables-nft-save ip6tables-legacy-save ip6tables-nft-save; do
            echo "$namespace $save"
            enter "$namespace" $save -c 2>/dev/null | grep -v '^#' | sed '/^:/s/ \[.*//; /-p icmp/s/^\[[^]]*\]//'
        done
        echo "$namespace nft"
        enter "$namespace" nft -a list ruleset 2>/dev/null | sed '/l4proto icmp\|protocol icmp/s/counter packets.*bytes [0-9]*//'
        echo "$namespace settings"
        enter "$namespace" grep -r . /proc/sys/net 2>/dev/null | grep -v 'nf_conntrack_count\|stable_secret\|fastopen_key'
        echo "$namespace packet sockets"
        enter "$namespace" sed 1d /proc/net/packet
        enter "$namespace" ip -d link | grep -o '^[0-9]*: [^:]*\|promiscuity [0-9]*'
    done
    echo mounts
    cat /proc/self/mountinfo
    echo files
    find /run /tmp /var/tmp /dev/shm -path /run/work -prune -o -print | sort
}

processes() {
    for file in /proc/[0-9]*/exe; do
        case $(readlink "$file") in */packetwalk* | */ping) echo "${file%/exe}" ;; esac
    done
}

state >before
failures=0
armed=0

check() {
    for _ in $(seq 200); do
        [ -z "$(processes)" ] && break
        sleep 0.05
    done
    for process in $(processes); do
        echo "$1: a process is left: $(tr '\0' ' ' <"$process/cmdline")"
        failures=$((failures + 1))
    done
    # A packet socket goes with its process, the kernel's memory of it a moment later.
    for _ in 1 2 3 4 5; do
        state >after
        cmp -s before after && return
        sleep 0.2
    done
    echo "$1: the state differs"
    diff before after
    failures=$((failures + 1))
    cp after before
}

# Whether hooks are there: where no run ever got so far, the comparison would say nothing.
has_hooks() {
    for namespace in $namespaces; do
        for list in "nft list ruleset" iptables-legacy-save; do
            enter "$namespace" $list 2>/dev/null | grep -q 'packetwalk[-:][0-9]' && return 0
        done
    done
    return 1
}

moments=$(awk -v seed="$seed" -v count="$kills" \
    'BEGIN { srand(seed); for (; count > 0; count--) printf "%.3f\n", rand() * 1.2 }')
for backend in nftables iptables; do
    number=0
    for moment in $moments; do
        number=$((number + 1))
        case $((number % 3)) in
        0) what=explain; "$program" explain --hooks $backend --wait 5 --from nft 192.0.2.250 >out 2>errors & ;;
        1) what=trace; "$program" trace --hooks $backend icmp -- ping -i 0.1 -q 192.0.2.4 >out 2>errors & ;;
        2) what=record; rm -f run.pcapng; "$program" record --hooks $backend -o run.pcapng icmp >out 2>errors & ;;
        esac
        run=$!
        # Every other run is killed with hooks laid, the rest wherever they are.
        if [ $((number % 2)) = 1 ]; then
            for _ in $(seq 400); do has_hooks && break; sleep 0.02; done
            moment=$(awk "BEGIN { print $moment / 10 }")
        fi
        sleep "$moment"
        has_hooks && armed=$((armed + 1))
        kill -9 $run 2>/dev/null
        wait $run 2>/dev/null
        check "$what, hooks $backend, SIGKILL after $moment s"
        # What was recorded so far can be read.
        if [ $what = record ] && [ -s run.pcapng ]; then
            "$program" replay run.pcapng >out 2>errors
            status=$?
            case $status in
            0 | 1 | 65) ;;
            *) echo "replay of a recording that was killed: status $status: $(cat errors)"; failures=$((failures + 1)) ;;
            esac
        fi
    done
done
echo "seed $seed: killed $((2 * kills)) runs, $armed of them with hooks laid; $failures differences"
[ $failures -eq 0 ] && [ $armed -gt 0 ]
