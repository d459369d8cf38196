#!/bin/sh
# Floods a router whose every packet is traced through its rules, and prints the walks of them as JSON.
#
#   scripts/rule-flood.sh PROGRAM PACKETS [OPTION...]     PROGRAM is packetwalk; OPTIONs go to its trace
#
# Needs no root: everything stays in a sandbox.
set -eu
program=$1 packets=$2
shift 2

if [ -z "${RULE_FLOOD_INSIDE:-}" ]; then
    RULE_FLOOD_INSIDE=1 exec unshare -Urnm --kill-child sh "$0" "$program" "$packets" "$@"
fi
mount -t tmpfs none /run
mkdir -p /run/netns
PATH=$PATH:/usr/sbin:/sbin

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
ip netns exec left ping -q -c 1 -W 2 198.51.100.2 >/dev/null || { echo "the sandbox has no network" >&2; exit 1; }
exec "$program" trace --hooks nftables --format json "$@" icmp -- ip netns exec left ping -q -f -c "$packets" 198.51.100.2
