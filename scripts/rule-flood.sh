#!/bin/sh
# Floods a router whose packets are traced through its rules, and prints the walks as JSON. The sender waits for nothing.
#
#   scripts/rule-flood.sh PROGRAM BACKEND PACKETS RATE [OPTION...]
#
# PROGRAM is packetwalk; BACKEND is nft, iptables-nft or iptables-legacy; RATE packets a second go out (at most as many
# as the machine manages); OPTIONs go to its trace. Needs no root: everything stays in a sandbox.
set -eu
if [ $# -lt 4 ]; then
    echo "usage: rule-flood.sh PROGRAM nft|iptables-nft|iptables-legacy PACKETS RATE [OPTION...]" >&2
    exit 64
fi
program=$1 backend=$2 packets=$3 rate=$4

if [ -z "${RULE_FLOOD_INSIDE:-}" ]; then
    RULE_FLOOD_INSIDE=1 exec unshare -Urnm --kill-child sh "$0" "$@"
fi
shift 4
mount -t tmpfs none /run
mkdir -p /run/netns
export PATH="$PATH:/usr/sbin:/sbin" XTABLES_LOCKFILE=/run/xtables.lock

ip link set lo up
for name in left right; do
    ip netns add $name
    ip link add $name type veth peer name eth0 netns $name
    ip link set $name up
    ip -n $name link set lo up
    ip -n $name link set eth0 up
done
ip addr add 192.0.2.1/24 dev left
ip addr add 198.51.100.1/24 dev right
ip -n left addr add 192.0.2.2/24 dev eth0
ip -n right addr add 198.51.100.2/24 dev eth0
ip -n left route add default via 192.0.2.1
ip -n right route add default via 198.51.100.1
sysctl -q -w net.ipv4.ip_forward=1
# Every packet passes `before` to its policy, and in `forward` is accepted by the second rule of `inner`.
case $backend in
nft)
    nft -f - <<'RULES'
table inet fw {
    chain inner {
        ip protocol tcp drop
        icmp type { echo-request, echo-reply } accept
    }
    chain before {
        type filter hook prerouting priority -150; policy accept
        ip protocol icmp counter
    }
    chain forward {
        type filter hook forward priority 0; policy drop
        iifname "left" jump inner
        iifname "right" jump inner
    }
}
RULES
    ;;
iptables-nft | iptables-legacy)
    $backend -t mangle -A PREROUTING -p icmp
    $backend -N inner
    $backend -A inner -p tcp -j DROP
    $backend -A inner -p icmp -j ACCEPT
    $backend -A FORWARD -i left -j inner
    $backend -A FORWARD -i right -j inner
    $backend -P FORWARD DROP
    ;;
*)
    echo "rule-flood.sh: '$backend' is no backend: say nft, iptables-nft or iptables-legacy" >&2
    exit 64
    ;;
esac
ip netns exec left ping -q -c 1 -W 2 198.51.100.2 >/dev/null || { echo "the sandbox has no network" >&2; exit 1; }

# Echo requests by a socket that hears no answers, many to a system call.
cat >/run/flood.py <<'PROGRAM'
import ctypes, os, socket, struct, sys, time

packets, rate = int(sys.argv[1]), int(sys.argv[2])
end = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
end.connect(("198.51.100.2", 0))
addresses = socket.inet_aton("192.0.2.2") + socket.inet_aton("198.51.100.2")
libc = ctypes.CDLL(None, use_errno=True)


class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class msghdr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint),
        ("parts", ctypes.POINTER(iovec)), ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int),
    ]


class mmsghdr(ctypes.Structure):
    _fields_ = [("header", msghdr), ("length", ctypes.c_uint)]


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(number):
    # The kernel fills in identification, length and checksum of the IP header.
    body = struct.pack("!HHQQ", 0x1000 + (number >> 16), number & 0xFFFF, number, number)
    sum_of_all = checksum(struct.pack("!BBH", 8, 0, 0) + body)
    return struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, 1, 0) + addresses + struct.pack("!BBH", 8, 0, sum_of_all) + body


parts = (iovec * packets)()
ready = (mmsghdr * packets)()
for number in range(packets):
    bytes_ = packet(number)
    parts[number] = iovec(bytes_, len(bytes_))
    ready[number].header.parts = ctypes.pointer(parts[number])
    ready[number].header.part_count = 1

# A process for each processor, and none begins before all are ready.
senders = os.cpu_count() or 1
began = time.monotonic() + 0.2
children = []
for sender in range(senders):
    child = os.fork()
    if child:
        children.append(child)
        continue
    sent, end_of_part = packets * sender // senders, packets * (sender + 1) // senders
    first, share = sent, rate / senders
    time.sleep(max(0, began - time.monotonic()))
    while sent < end_of_part:
        due = min(end_of_part, first + int((time.monotonic() - began) * share) + 1)
        while sent < due:
            count = libc.sendmmsg(end.fileno(), ctypes.byref(ready[sent]), min(due - sent, 64), 0)
            if count < 0:
                sys.exit(f"sendmmsg: errno {ctypes.get_errno()}")
            sent += count
        time.sleep(0.001)
    os._exit(0)
if any([os.waitpid(child, 0)[1] for child in children]):
    sys.exit("a sender failed")
duration = time.monotonic() - began
print(f"sent {packets} in {duration:.2f} s, {packets / duration:.0f} a second", file=sys.stderr)
PROGRAM
exec "$program" trace --packets --format json "$@" icmp -- ip netns exec left python3 /run/flood.py "$packets" "$rate"
