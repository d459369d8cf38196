#!/bin/bash
# Pictures of the network and the way of packets in networks of 3, 12 and 60 namespaces, light and dark, as
# headless Chromium shows them. screenshots.sh PROGRAM FOLDER
# Needs chromium; the networks are made in namespaces of the script's own, and go with it.
set -euo pipefail
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/.."

if [ -z "${SCREENSHOTS_INSIDE:-}" ]; then
    command -v chromium >/dev/null || { echo "screenshots: install the Debian package chromium" >&2; exit 69; }
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    for size in 3 12 60; do
        SCREENSHOTS_INSIDE=$size SCREENSHOTS_WORK=$work unshare --user --map-root-user --mount --net --pid --uts \
            --fork --mount-proc bash "$0" "$program" "$folder"
    done
    # shoot FILE NAME SCHEME WIDTH HEIGHT
    shoot() {
        # 0 is dark for Blink's setting, 1 is light.
        local scheme=1
        [ "$3" = dark ] && scheme=0
        chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/chromium" \
            --blink-settings=preferredColorScheme=$scheme --window-size="$4,$5" \
            --screenshot="$folder/$2-$3.png" "file://$1" >"$work/chromium.log" 2>&1 || { cat "$work/chromium.log" >&2; exit 1; }
    }
    for size in 3 12 60; do
        for kind in map walk; do
            read -r width height < <(sed -n '1s/.* width="\([0-9]*\)" height="\([0-9]*\)".*/\1 \2/p' "$work/$kind-$size.svg")
            for scheme in light dark; do
                shoot "$work/$kind-$size.svg" "$kind-$size" $scheme "$width" "$((height < 2400 ? height : 2400))"
            done
        done
        for scheme in light dark; do shoot "$work/page-$size.html" "page-$size" $scheme 1280 900; done
    done
    ls -l "$folder"
    exit
fi

# Inside: a network of so many namespaces, host among them.
hostname lab
mount -t tmpfs none /run
mkdir -p /run/netns
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1

# wire NAMESPACE DEVICE PEER: a veth pair from here, its other end in NAMESPACE; - is here.
namespace() { ip netns add "$1"; ip -n "$1" link set lo up; ip netns exec "$1" sysctl -qw net.ipv4.ip_forward=1; }

# The internet, as the labs have it.
internet() {
    namespace wan
    ip link add eth0 type veth peer name wan0 netns wan
    ip addr add 203.0.113.2/24 dev eth0
    ip link set eth0 up
    ip -n wan addr add 203.0.113.1/24 dev wan0
    ip -n wan addr add 198.51.100.1/32 dev lo
    ip -n wan link set wan0 up
    ip route add default via 203.0.113.1
}

# container NAME BRIDGE ADDRESS GATEWAY
container() {
    namespace "$1"
    ip link add "v-$1" type veth peer name eth0 netns "$1"
    ip link set "v-$1" master "$2" up
    ip -n "$1" addr add "$3/24" dev eth0
    ip -n "$1" link set eth0 up
    ip -n "$1" route add default via "$4"
}

case $SCREENSHOTS_INSIDE in
3)
    internet
    ip link add mybridge type bridge
    ip addr add 172.19.0.1/24 dev mybridge
    ip link set mybridge up
    container web mybridge 172.19.0.2 172.19.0.1
    iptables -t nat -A POSTROUTING -s 172.19.0.0/24 -o eth0 -j MASQUERADE
    from=web to=198.51.100.1
    ;;
12)
    # A row of routers.
    previous=
    for number in $(seq 1 11); do
        name=r$number
        namespace "$name"
        if [ -z "$previous" ]; then
            ip link add right type veth peer name left netns "$name"
            ip addr add 10.0.0.1/24 dev right
            ip link set right up
            ip route add default via 10.0.0.2
        else
            ip -n "$previous" link add right type veth peer name left netns "$name"
            ip -n "$previous" addr add "10.0.$((number - 1)).1/24" dev right
            ip -n "$previous" link set right up
            ip -n "$previous" route add default via "10.0.$((number - 1)).2"
        fi
        ip -n "$name" addr add "10.0.$((number - 1)).2/24" dev left
        ip -n "$name" link set left up
        [ "$number" = 1 ] || ip -n "$name" route add 10.0.0.0/24 via "10.0.$((number - 1)).1"
        previous=$name
    done
    from=host to=10.0.10.2
    ;;
60)
    # Three networks of containers, and a firewall between them.
    internet
    for network in 1 2 3; do
        bridge=net$network
        ip link add "$bridge" type bridge
        ip addr add "172.2$network.0.1/24" dev "$bridge"
        ip link set "$bridge" up
        iptables -t nat -A POSTROUTING -s "172.2$network.0.0/24" -o eth0 -j MASQUERADE
        for number in $(seq 1 $((network == 1 ? 20 : 19))); do
            container "app$network-$number" "$bridge" "172.2$network.0.$((number + 1))" "172.2$network.0.1"
        done
    done
    iptables -P FORWARD DROP
    iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    iptables -A FORWARD -o eth0 -j ACCEPT
    from=app1-7 to=172.22.0.5
    ;;
esac
work=$SCREENSHOTS_WORK size=$SCREENSHOTS_INSIDE
"$program" map --format svg >"$work/map-$size.svg"
"$program" explain --twin none --from "$from" --format svg "$to" >"$work/walk-$size.svg" || [ $? = 1 ]
pings="ip netns exec web ping -c 2 -W 1 198.51.100.1"
case $size in
12) pings="ping -c 2 -W 1 $to; ping -c 1 -W 1 10.0.4.2" ;;
60) pings="for n in 1 2 3; do ip netns exec app\$n-2 ping -c 2 -i 0.2 -W 1 198.51.100.1; done
    ip netns exec app1-7 ping -c 2 -i 0.2 -W 1 172.22.0.5; ip netns exec app3-4 ping -c 1 -W 1 172.23.0.9" ;;
esac
"$program" trace -q --format html icmp -- sh -c "$pings" >"$work/page-$size.html" 2>/dev/null || [ $? = 1 ]
