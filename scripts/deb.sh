#!/bin/sh
# Makes a Debian package of the program as it was built: scripts/deb.sh PROGRAM FOLDER
#
# Puts packetwalk_VERSION_ARCHITECTURE.deb into FOLDER. Needs dpkg-deb, and readelf to see which libraries are linked;
# the packages that bring those are asked of dpkg on this machine, so that the package fits the release it is made on.
set -eu
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/.."

version=$("$program" --version)
architecture=$(dpkg --print-architecture)

# What the program is linked against, as packages; and the programs that it runs.
libraries=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
packages=
for library in $libraries; do
    path=$(ldd "$program" | awk -v name="$library" '$1 == name { print $3 }')
    [ -n "$path" ] || continue # The dynamic linker itself.
    # dpkg knows a file by one of its names, before or after /usr was merged.
    owner=
    for candidate in "$path" "$(realpath "$path")" "/usr$path" "${path#/usr}"; do
        owner=$(dpkg-query -S "$candidate" 2>/dev/null | head -n 1 | sed 's/: .*//; s/:.*//') && [ -n "$owner" ] && break
    done
    if [ -z "$owner" ]; then
        echo "deb: no package owns $path, which the program needs: build with --static-swift-stdlib" >&2
        exit 69
    fi
    packages="$packages $owner"
done
depends=$(printf '%s\n' $packages iproute2 iptables nftables iputils-ping procps util-linux | sort -u | paste -sd, | sed 's/,/, /g')

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
install -D -m 755 "$program" "$root/usr/bin/packetwalk"
strip --strip-unneeded "$root/usr/bin/packetwalk"
mkdir -p "$root/usr/share/packetwalk" "$root/usr/share/doc/packetwalk"
cp -r fixtures/labs "$root/usr/share/packetwalk/"
cp -r README.md docs "$root/usr/share/doc/packetwalk/"
cp LICENSE "$root/usr/share/doc/packetwalk/copyright"
for shell in bash:bash-completion/completions/packetwalk zsh:zsh/vendor-completions/_packetwalk \
    fish:fish/vendor_completions.d/packetwalk.fish; do
    mkdir -p "$root/usr/share/$(dirname "${shell#*:}")"
    "$program" --generate-completion-script "${shell%%:*}" >"$root/usr/share/${shell#*:}"
done
find "$root/usr" -type d -exec chmod 755 {} +

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: packetwalk
Version: $version
Architecture: $architecture
Maintainer: The Packetwalk authors <packetwalk@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Depends: $depends
Suggests: docker.io, wireshark
Section: net
Priority: optional
Description: traces the way of packets through a Linux host
 Shows the way a packet takes out of a namespace, over veth and bridge, through
 routing and NAT, out of the egress and back, and says where and why one
 stopped. It joins what captures see on the links with what NFLOG sees at the
 netfilter hooks and what conntrack says of translations.
CONTROL
name=packetwalk_${version}_$architecture.deb
dpkg-deb --build --root-owner-group "$root" "$folder/$name" >/dev/null
echo "$folder/$name"
