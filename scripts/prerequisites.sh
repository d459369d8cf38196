#!/bin/sh
# Installs the Debian packages that a job needs and this machine lacks. Asks the network only where one is missing.
#   prerequisites.sh build   to build and run the tool
#   prerequisites.sh package  what a package is checked with
#   prerequisites.sh pictures what pages are looked at with
#   prerequisites.sh test    also what the tests drive: captures, listeners, a Docker engine (as root)
set -eu

build="libpcap-dev libnftables-dev libbpf-dev zlib1g-dev libzstd-dev pkg-config iproute2 iptables nftables
iputils-ping util-linux procps"
test="tcpdump tshark netcat-openbsd curl iperf3 conntrack busybox-static python3 python3-jsonschema
zstd tmux fish"

case "${1:-build}" in
build) wanted=$build ;;
package) wanted="$build lintian debootstrap man-db" ;;
pictures) wanted="$build chromium fonts-dejavu-core" ;;
test)
    wanted="$build $test"
    # The engine's labs need root; without it they are skipped, so nothing is installed for them.
    if [ "$(id -u)" = 0 ]; then wanted="$wanted docker.io"; fi
    ;;
*)
    echo "prerequisites.sh: '$1' is no job: say build, test, package or pictures" >&2
    exit 64
    ;;
esac

missing=""
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    if [ "$status" != installed ]; then missing="$missing $package"; fi
done
if [ -z "$missing" ]; then exit 0; fi

elevate=""
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "prerequisites.sh: these Debian packages are missing and there is no sudo to install them:$missing" >&2
        exit 69
    fi
    elevate=sudo
fi
echo "installing:$missing" >&2
# A package's service must not start: the tests start what they need themselves, in namespaces of their own.
hold=/usr/sbin/policy-rc.d
if [ ! -e $hold ]; then
    printf '#!/bin/sh\nexit 101\n' | $elevate tee $hold >/dev/null
    $elevate chmod 755 $hold
    trap '$elevate rm -f $hold' EXIT
fi
$elevate apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $elevate apt-get install -y -qq --no-install-recommends $missing >&2
