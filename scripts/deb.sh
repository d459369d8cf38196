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
depends=$(printf '%s\n' $packages iproute2 iptables nftables iputils-ping procps | sort -u | paste -sd, | sed 's/,/, /g')

# Who builds it answers for it.
maintainer="${DEBFULLNAME:-The Packetwalk authors} <${DEBEMAIL:-$(git config user.email || echo "root@$(hostname -f)")}>"
date=$(date -R -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}")
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
install -D -m 755 "$program" "$root/usr/bin/packetwalk"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/packetwalk"

# Labs are inside the program.
documents=$root/usr/share/doc/packetwalk
mkdir -p "$documents"
cp -r README.md docs "$documents/"
rm -rf "$documents/docs/man" "$documents/docs/images"
install -m 644 packaging/copyright "$documents/copyright"
gzip -9nc CHANGELOG.md >"$documents/NEWS.gz"
gzip -9n >"$documents/changelog.gz" <<CHANGELOG
packetwalk ($version) unstable; urgency=medium

  * What users notice of it is in NEWS.gz.

 -- $maintainer  $date
CHANGELOG
mkdir -p "$root/usr/share/man/man8"
scripts/manual.py "$program" "$root/usr/share/man/man8"
gzip -9n "$root/usr/share/man/man8/"*.8

for shell in bash:bash-completion/completions/packetwalk zsh:zsh/vendor-completions/_packetwalk \
    fish:fish/vendor_completions.d/packetwalk.fish; do
    mkdir -p "$root/usr/share/$(dirname "${shell#*:}")"
    scripts/completions.sh "$program" "${shell%%:*}" >"$root/usr/share/${shell#*:}"
done
install -D -m 644 packaging/packetwalk-record.service "$root/lib/systemd/system/packetwalk-record.service"
install -D -m 644 packaging/packetwalk-record.default "$root/etc/default/packetwalk-record"
install -D -m 755 packaging/extcap-packetwalk "$root/usr/lib/$multiarch/wireshark/extcap/packetwalk"
find "$root" -mindepth 1 -type d -exec chmod 755 {} +
find "$documents" -type f -exec chmod 644 {} +

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: packetwalk
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f 1)
Depends: $depends
Recommends: busybox | busybox-static, conntrack, netcat-openbsd, python3
Suggests: bash-completion, docker.io, less, wireshark
Section: net
Priority: optional
Description: traces the way of packets through a Linux host
 Shows the way a packet takes out of a namespace, over veth and bridge, through
 routing and NAT, out of the egress and back, and says where and why one
 stopped, and how to fix it. It joins what captures see on the links with what
 is seen at the netfilter hooks and what conntrack says of translations.
 .
 Small networks to learn on are inside: packetwalk lab list.
CONTROL
echo /etc/default/packetwalk-record >"$root/DEBIAN/conffiles"
# The service is there to be enabled: nobody records a host without having asked for it.
cat >"$root/DEBIAN/prerm" <<'SCRIPT'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop packetwalk-record.service >/dev/null 2>&1 || true
fi
SCRIPT
cat >"$root/DEBIAN/postrm" <<'SCRIPT'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null 2>&1 || true
fi
if [ "$1" = purge ]; then
    rm -rf /var/lib/packetwalk
fi
SCRIPT
sed 's/^if \[ "$1" = purge.*$/:/; /^:$/,$d' "$root/DEBIAN/postrm" >"$root/DEBIAN/postinst"
chmod 755 "$root/DEBIAN/prerm" "$root/DEBIAN/postrm" "$root/DEBIAN/postinst"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) \
    >"$root/DEBIAN/md5sums"
name=packetwalk_${version}_$architecture.deb
dpkg-deb --build --root-owner-group "$root" "$folder/$name" >/dev/null
echo "$folder/$name"
