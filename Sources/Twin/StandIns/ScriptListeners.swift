internal import Network
internal import Wire

/// Lines for the script's function `sockets`: what listens in one namespace.
enum ScriptListeners {
    /// `PROTOCOL ADDRESS PORT DEVICE V6ONLY TRANSPARENT` each; - for no device.
    static func lines(_ sockets: [Listener]) -> [String] {
        var seen: Set<String> = []
        return sockets.compactMap { socket in
            guard socket.protocol == .tcp || socket.protocol == .udp, socket.port != 0 else { return nil }
            let device = socket.device ?? "-"
            guard !device.isEmpty, !device.contains(where: { $0.isWhitespace }) else { return nil }
            let flags = [socket.isIPv6Only, socket.isTransparent].map { $0 == true ? "1" : "0" }.joined(separator: " ")
            let line = "\(socket.protocol.rawValue) \(socket.address) \(socket.port) \(device) \(flags)"
            return seen.insert(line).inserted ? line : nil
        }
    }

    /// The function itself: one small program for all sockets of a namespace where there is python3; else socat, nc or
    /// busybox, one a socket.
    static let function = #"""
        # sockets NAME: what listens there, a line each: PROTOCOL ADDRESS PORT DEVICE V6ONLY TRANSPARENT. Datagrams are sent back.
        sockets() {
            place=$1
            cat >/run/twin-sockets
            if command -v python3 >/dev/null; then
                rm -f /run/twin-ready
                cat >/run/twin-sockets.py <<'PYTHON'
        import os, selectors, socket, struct, sys
        # IPV6_V6ONLY, IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO, SO_BINDTODEVICE, IP_TRANSPARENT, IPV6_TRANSPARENT
        selector = selectors.DefaultSelector()
        for line in open("/run/twin-sockets"):
            protocol, address, port, device, only, transparent = line.split()
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    made.setsockopt(socket.IPPROTO_IPV6, 26, int(only))
                if device != "-":
                    made.setsockopt(socket.SOL_SOCKET, 25, device.encode())
                if protocol == "udp":
                    made.setsockopt(socket.IPPROTO_IP, 8, 1)
                    if family == socket.AF_INET6:
                        made.setsockopt(socket.IPPROTO_IPV6, 49, 1)
                made.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
                if transparent == "1":
                    made.setsockopt(*((socket.IPPROTO_IPV6, 75) if family == socket.AF_INET6 else (socket.IPPROTO_IP, 19)), 1)
                made.bind((address, int(port)))
                if protocol == "tcp":
                    made.listen(4096)
            except OSError as error:
                print(f"not rebuilt in {sys.argv[1]}: listener {line.strip()}: {error}", file=sys.stderr)
                continue
            made.setblocking(False)
            selector.register(made, selectors.EVENT_READ, protocol)
        if os.fork():
            os._exit(0)
        os.setsid()
        kept = []
        while True:
            for key, _ in selector.select():
                try:
                    if key.data == "tcp":
                        kept = kept[-1000:] + [key.fileobj.accept()[0]]
                        continue
                    data, control, _, sender = key.fileobj.recvmsg(65535, 256)
                    # The reply comes from the address that was asked.
                    back = []
                    for level, kind, value in control:
                        if (level, kind) == (0, 8):
                            back.append((0, 8, struct.pack("=I4s4s", 0, value[4:8], b"\0" * 4)))
                        if (level, kind) == (41, 50):
                            back.append((41, 50, value[:16] + b"\0" * 4))
                    key.fileobj.sendmsg([data], back, 0, sender)
                except OSError:
                    pass
        PYTHON
                in_namespace "$place" python3 /run/twin-sockets.py "$place" </dev/null >/dev/null
                return
            fi
            while read -r protocol address port device only transparent; do
                if [ "$transparent" = 1 ]; then
                    echo "not rebuilt in $place: listener $protocol $address $port: it takes no packets for foreign addresses without python3" >&2
                fi
                case $address in *:*) family=6 ;; *) family=4 ;; esac
                if command -v socat >/dev/null; then
                    case $protocol in tcp) kind=TCP ;; *) kind=UDP ;; esac
                    bind="bind=[$address]"; [ $family = 4 ] && bind="bind=$address"
                    # A comma, a quote or the like in a name would be an option of socat's own.
                    case $device in
                        -) ;;
                        *[!A-Za-z0-9._-]*)
                            echo "not rebuilt in $place: listener $protocol $address $port: socat takes no such device" >&2
                            continue
                            ;;
                        *) bind="$bind,so-bindtodevice=$device" ;;
                    esac
                    set -- socat "$kind$family-LISTEN:$port,fork,reuseaddr,$bind" PIPE
                elif command -v nc >/dev/null; then
                    set -- nc -"$family"lk "$address" "$port"; [ "$protocol" = tcp ] || set -- nc -"$family"lku "$address" "$port"
                elif command -v busybox >/dev/null && [ "$protocol" = tcp ]; then
                    set -- busybox nc -lk -p "$port" -e cat
                else
                    echo "not rebuilt in $place: listener $protocol $address $port: python3, socat and nc are missing" >&2
                    continue
                fi
                in_namespace "$place" setsid "$@" </dev/null >/dev/null 2>&1 &
            done </run/twin-sockets
            sleep 0.2
        }

        """#
}
