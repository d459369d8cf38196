#!/bin/sh
# Runs a command on a large host, in a sandbox that is gone with it: a bridge with many namespaces, a WAN behind
# masquerade, and as many rules as one likes that a forwarded packet meets before it is accepted.
#   scripts/large-host.sh 200 10000 nft packetwalk explain --from n1 198.51.100.1
#   scripts/large-host.sh 200 10000 iptables sh
#   scripts/large-host.sh 200 0 none sh
# n1, n2, … hold 10.9.0.2, 10.9.0.3, … on br0 of the host; wan holds 198.51.100.1. Needs no root where user namespaces
# are allowed.
set -eu
if [ "$#" -lt 4 ]; then
    echo "large-host: namespaces, rules, nft, iptables, iptables-legacy or none, and a command are needed" >&2
    exit 64
fi
if [ "${LARGE_HOST_INSIDE:-}" != yes ]; then
    export LARGE_HOST_INSIDE=yes
    if [ "$(id -u)" = 0 ]; then
        exec unshare -nmpf --kill-child --mount-proc sh "$0" "$@"
    fi
    # The user namespace first: the maps must be written before the others are made.
    exec unshare -Ur unshare -nmpf --kill-child --mount-proc sh "$0" "$@"
fi
unset LARGE_HOST_INSIDE
count=$1 rules=$2 firewall=$3
shift 3
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
address() { echo "10.9.$(($1 / 250)).$(($1 % 250 + 1))"; }

ip link set lo up
ip link add br0 type bridge
ip addr add 10.9.255.254/16 dev br0
ip link set br0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
ip netns add wan
ip link add wan0 type veth peer name eth0 netns wan
ip addr add 192.0.2.1/24 dev wan0
ip link set wan0 up
ip route add default via 192.0.2.2
ip netns exec wan sh -ec 'ip link set lo up; ip addr add 192.0.2.2/24 dev eth0; ip addr add 198.51.100.1/32 dev lo
    ip link set eth0 up'
number=1
while [ "$number" -le "$count" ]; do
    ip netns add "n$number"
    printf 'link add v%d type veth peer name eth0 netns n%d\nlink set v%d master br0 up\n' $number $number $number
    number=$((number + 1))
done >/run/links
ip -batch /run/links
number=1
while [ "$number" -le "$count" ]; do
    printf 'link set lo up\naddr add %s/16 dev eth0\nlink set eth0 up\nroute add default via 10.9.255.254\n' \
        "$(address $number)" >/run/inside
    ip -n "n$number" -batch /run/inside
    number=$((number + 1))
done

# Rules that do not match, of the kinds that engines and operators write, and one that does in the end.
case $firewall in
nft)
    {
        echo 'table ip shop { chain forward { type filter hook forward priority 0; policy drop;'
        awk -v n="$rules" 'BEGIN { for (i = 1; i < n; i++)
            printf "ip daddr 203.0.%d.%d tcp dport %d counter drop\n", i / 250 % 250, i % 250, i % 60000 + 1 }'
        printf 'counter accept\n}\n}\n'
        echo 'table ip nat { chain post { type nat hook postrouting priority 100; oifname "wan0" masquerade; }; }'
    } >/run/rules
    nft -f /run/rules
    ;;
iptables | iptables-legacy)
    {
        echo '*filter'
        echo ':FORWARD DROP [0:0]'
        awk -v n="$rules" 'BEGIN { for (i = 1; i < n; i++)
            printf "-A FORWARD -d 203.0.%d.%d -p tcp --dport %d -j DROP\n", i / 250 % 250, i % 250, i % 60000 + 1 }'
        printf -- '-A FORWARD -j ACCEPT\nCOMMIT\n*nat\n-A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n'
    } >/run/rules
    "$firewall-restore" </run/rules
    ;;
none)
    # A packet of n1 is answered by the WAN only where it bears the host's address.
    ip -n wan route add 10.9.0.0/16 via 192.0.2.1
    ;;
*)
    echo "large-host: nft, iptables, iptables-legacy or none, not $firewall" >&2
    exit 64
    ;;
esac
# What hundreds of namespaces say to each other when they come up has died away.
sleep "${SETTLE:-3}"
"$@"
