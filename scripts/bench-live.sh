#!/bin/bash
# Measures what watching costs the packets: a flood of pings of which every packet matches, and one TCP connection of which
# none does, with and without an observer in turn. As root.
#   scripts/bench-live.sh                                   .build/release/packetwalk, for seven minutes
#   scripts/bench-live.sh .build/release/packetwalk 1       one round
# Each rate is given as a share of the mean of the rates just before and just after it without observer; the median of the
# rounds counts, since others may be busy too. "own time" is what of its processor time the flood would take without observer:
# all that the kernel does for its packets is on its account, so that others hardly change it. "processor" is the time that
# the observer took of the processors, for each second of the load; "of a round trip" is what the flood and the observer together
# take of them more for one round trip than the flood alone.
# SECONDS_EACH is how long each load lasts, OBSERVERS which are measured; no round begins that could end after LIMIT seconds.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" != --inside ]; then
    [ "$(id -u)" = 0 ] || { echo "bench-live: it needs root" >&2; exit 77; }
    for program in ip nft ping iperf3 tcpdump; do
        command -v $program >/dev/null || { echo "bench-live: $program is missing" >&2; exit 69; }
    done
    exec unshare --net --mount --pid --fork --mount-proc --kill-child \
        bash "$0" --inside "$(realpath "${1:-$here/.build/release/packetwalk}")" "${2:-100}"
fi
command=$2 rounds=$3
mount --make-rprivate /
mount -t tmpfs none /run && mkdir /run/netns /run/bench
# It may lie in what is hidden next.
cp "$command" /run/bench/packetwalk; command=/run/bench/packetwalk
mount -t tmpfs none /tmp; export TMPDIR=/tmp
cd /run/bench
seconds=${SECONDS_EACH:-2} limit=${LIMIT:-420}

# The base network: a sender behind a bridge and one MASQUERADE, five links that are watched.
ip link set lo up
ip netns add mynamespace; ip netns add wan
ip link add veth0 type veth peer name veth1 netns mynamespace
ip link add eth0 type veth peer name wan0 netns wan
ip link add mybridge type bridge
ip link set veth0 master mybridge
ip addr add 172.19.0.1/24 dev mybridge; ip addr add 203.0.113.2/24 dev eth0
for link in veth0 eth0 mybridge; do ip link set $link up; done
ip -n mynamespace addr add 172.19.0.2/24 dev veth1; ip -n wan addr add 203.0.113.1/24 dev wan0
ip -n wan addr add 198.51.100.1/32 dev wan0
ip -n mynamespace link set veth1 up; ip -n wan link set wan0 up
ip -n mynamespace route add default via 172.19.0.1; ip route add default via 203.0.113.1
sysctl -qw net.ipv4.ip_forward=1
nft -f - <<'RULES'
table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat
        ip saddr 172.19.0.0/24 oifname "eth0" masquerade
    }
}
RULES
ip netns exec wan iperf3 -s -D >/dev/null
tries=0
until ip netns exec mynamespace ping -q -c 1 -W 1 198.51.100.1 >/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || { echo "bench-live: the network does not work" >&2; exit 1; }
    sleep 0.2
done

# Round trips a second, and microseconds of processor time for each.
flood() {
    local TIMEFORMAT='%U %S'
    {
        time timeout -s INT $((seconds + 20)) ip netns exec mynamespace ping -q -f -w "$seconds" 198.51.100.1 >flood.out 2>/dev/null
    } 2>flood.time
    sed -n 's/.* \([0-9]*\) received.* time \([0-9]*\)ms/\1 \2/p' flood.out |
        awk -v "used=$(tail -n 1 flood.time)" '$1 > 0 { split(used, u, " "); printf "%.0f %.3f", $1 / $2 * 1000, (u[1] + u[2]) / $1 * 1e6 }'
}
# Mbit/s; its processor time is not looked at.
bulk() {
    timeout $((seconds + 20)) ip netns exec mynamespace iperf3 -t "$seconds" -f m -c 198.51.100.1 |
        awk '/receiver/ { printf "%s 1", $7 }'
}
# A load that tells nothing is tried once more.
measure() {
    rate=$($1)
    [ -n "$rate" ] || { sleep 1; rate=$($1); }
    [ -n "$rate" ] || { echo "bench-live: $1 gave no rate" >&2; exit 1; }
}

observers=${OBSERVERS:-tcpdump nflog links bpf-hooks bpf bpf-all bpf-sample bpf-record}
describe() {
    case $1 in
        tcpdump) echo 'five tcpdump -w' ;;
        nflog) echo 'trace, NFLOG and libpcap' ;;
        links) echo 'trace, libpcap alone (--hooks none)' ;;
        bpf-hooks) echo 'trace, --hooks bpf and libpcap' ;;
        bpf) echo 'trace, --hooks bpf --links bpf' ;;
        bpf-all) echo 'the same, --max-rate none' ;;
        bpf-sample) echo 'the same, --sample 1/100' ;;
        bpf-record) echo 'record, --hooks bpf --links bpf' ;;
    esac
}
pids=
start() {
    pids=
    case $1 in
        tcpdump)
            for link in veth0 mybridge eth0; do tcpdump -i $link -w $link.pcap icmp 2>/dev/null & pids="$pids $!"; done
            ip netns exec mynamespace tcpdump -i veth1 -w veth1.pcap icmp 2>/dev/null & pids="$pids $!"
            ip netns exec wan tcpdump -i wan0 -w wan0.pcap icmp 2>/dev/null & pids="$pids $!" ;;
        nflog) "$command" trace --hooks nftables --links pcap --summary icmp >out 2>errors & pids=$! ;;
        links) "$command" trace --hooks none --links pcap --summary icmp >out 2>errors & pids=$! ;;
        bpf-hooks) "$command" trace --hooks bpf --links pcap --summary icmp >out 2>errors & pids=$! ;;
        bpf) "$command" trace --hooks bpf --links bpf --summary icmp >out 2>errors & pids=$! ;;
        bpf-all) "$command" trace --hooks bpf --links bpf --max-rate none --max-memory 4096 --summary icmp >out 2>errors & pids=$! ;;
        bpf-sample) "$command" trace --hooks bpf --links bpf --sample 1/100 --summary icmp >out 2>errors & pids=$! ;;
        bpf-record) "$command" record --hooks bpf --links bpf -o run.pcapng icmp >out 2>errors & pids=$! ;;
    esac
    # tcpdump and record do not say when they are ready.
    for _ in $(seq 30); do
        grep -qs watching errors && break
        sleep 0.1
    done
    for pid in $pids; do
        kill -0 $pid 2>/dev/null || { echo "bench-live: the observer did not start: $(cat errors)" >&2; exit 1; }
    done
}
# Hundredths of a second of processor time.
used() {
    sum=0
    for pid in $pids; do sum=$((sum + $(awk '{ print $14 + $15 }' /proc/$pid/stat 2>/dev/null || echo 0))); done
    echo $sum
}
stop() {
    # shellcheck disable=SC2086
    kill -INT $pids 2>/dev/null || true
    # shellcheck disable=SC2086
    wait $pids 2>/dev/null || true
    # It ends by itself, in twenty seconds at most.
    rm -f ./*.pcap run.pcapng
    sleep 0.3
}

began=$SECONDS last=0
for round in $(seq "$rounds"); do
    this=$SECONDS
    [ $((this - began + last)) -le "$limit" ] || break
    for load in flood bulk; do
        measure $load
        for observer in $observers; do
            before=$rate
            start $observer
            cost=$(used)
            measure $load
            with=$rate
            cost=$(awk "BEGIN { printf \"%.2f\", ($(used) - $cost) / 100 / $seconds }")
            stop
            # What is measured now without observer stands before the next one too.
            measure $load
            told=$(grep -h 'lost\|more than' errors 2>/dev/null | tail -n 1 | tr '"' "'" | cut -c1-80 || true)
            # shellcheck disable=SC2086
            set -- $before $with $rate
            awk -v "told=$told" "BEGIN {
                without = ($1 + $5) / 2; own = ($2 + $6) / 2
                more = $4 - own + $cost * 1e6 / $3
                print \"$load $observer\", without, $3 / without, own / $4, $cost, more >>\"rates\"
                printf \"%d %-10s %-6s %9.0f %9.0f %6.2f %6.2f %6.2f  %s\\n\", $round, \"$observer\", \"$load\", without, $3, $3 / without, own / $4, $cost, told
            }" >&2
            : >errors
        done
    done
    last=$((SECONDS - this))
done
# The median of a column, and the least and the most, each as FORMAT writes it.
spread() {
    awk -v o="$1" -v l="$2" -v c="$3" '$1 == l && $2 == o { print $c }' rates | sort -n |
        awk -v one="${4:-%.2f}" '{ r[NR] = $1 } END { m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
            printf one " (" one " to " one ")", m, r[1], r[NR] }'
}
# The median of a column of the rates that begin with "LOAD" or "LOAD OBSERVER".
middle() { grep "^$1 " rates | cut -d ' ' -f "$2" | sort -n | awk '{ r[NR] = $1 } END { print r[int((NR + 1) / 2)] }'; }
printf '%-38s %22s %22s %22s %10s %20s\n' \
    observer 'ping flood, all match' 'own time' 'TCP, nothing matches' processor 'of a round trip, µs'
for observer in $observers; do
    printf '%-38s %22s %22s %22s %10s %20s\n' "$(describe $observer)" "$(spread $observer flood 4)" "$(spread $observer flood 5)" \
        "$(spread $observer bulk 4)" "$(middle "flood $observer" 6)" "$(spread $observer flood 7 %.1f)"
done
without=$(middle flood 3)
echo "share of what is without observer: median (least to most); $without round trips a second without"
