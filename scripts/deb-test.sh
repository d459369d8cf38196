#!/bin/sh
# Installs the package into a bare Debian and runs it there, as root and as nobody: scripts/deb-test.sh PACKAGE
# Needs root, debootstrap and lintian, and a mirror ($DEBIAN_MIRROR, else deb.debian.org).
set -eu
package=$(realpath "$1")
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
release=${DEBIAN_RELEASE:-bookworm}

lintian --fail-on error --tag-display-limit 0 "$package"

work=$(mktemp -d)
# The mounts are of a namespace of their own, and go with it.
trap 'rm -rf "$work"' EXIT
# $BARE_ROOT is one that debootstrap has made before.
if [ -d "${BARE_ROOT:-}" ]; then
    cp -a "$BARE_ROOT" "$work/root"
elif ! debootstrap --variant=minbase "$release" "$work/root" "$mirror" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 69
fi
cp "$package" "$work/root/packetwalk.deb"
cp /etc/resolv.conf "$work/root/etc/resolv.conf" 2>/dev/null || :
cat >"$work/root/try.sh" <<'TRY'
set -eux
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt-get update -qq
apt-get install -y -qq /packetwalk.deb man-db >/install.log 2>&1 || { tail /install.log; exit 1; }
packetwalk --version
packetwalk demo
packetwalk lab run --trace wan-to-published-port
su -s /bin/sh nobody -c 'packetwalk demo --format svg' | head -c 300
packetwalk doctor || [ $? = 69 ]
man -w packetwalk-trace
man packetwalk | head -5
grep -q _packetwalk_whole /usr/share/bash-completion/completions/packetwalk
/usr/lib/*/wireshark/extcap/packetwalk --extcap-interfaces
apt-get purge -y -qq packetwalk
! [ -e /usr/bin/packetwalk ] && ! [ -e /etc/default/packetwalk-record ] && ! [ -e /usr/share/packetwalk ]
TRY
# Not by chroot: from within one no sandbox can be made.
unshare --mount --pid --fork --propagation private sh -eu -c '
    mount --bind "$1" "$1"
    mount --rbind /sys "$1/sys"
    mount --rbind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    cd "$1"
    mkdir -p before
    pivot_root . before
    cd /
    umount -l /before
    exec sh /try.sh' sh "$work/root"
echo "installed, run and removed"
