internal import Network
internal import Wire

/// Lines for the script's functions that open sockets, and the functions themselves.
enum ScriptSockets {
    /// For `sockets`: `PROTOCOL ADDRESS PORT DEVICE V6ONLY TRANSPARENT PEER PORT STATE` each; - for no device and no peer. The state
    /// is `served`, `stopped`, or `full:BACKLOG:WAITING:BUFFER`.
    ///
    /// - Parameter areFull: whether their queues are to be filled.
    static func lines(_ sockets: [Listener], areFull: Bool = false) -> [String] {
        var seen: Set<String> = []
        return sockets.compactMap { socket in
            guard socket.protocol == .tcp || socket.protocol == .udp, socket.port != 0 else { return nil }
            let device = socket.device ?? "-"
            guard !device.isEmpty, !device.contains(where: { $0.isWhitespace }) else { return nil }
            let flags = [socket.isIPv6Only, socket.isTransparent].map { $0 == true ? "1" : "0" }.joined(separator: " ")
            let peer = socket.peer.map { "\($0.address) \($0.port)" } ?? "- 0"
            let place = "\(socket.protocol.rawValue) \(socket.address) \(socket.port) \(device) \(flags) \(peer)"
            guard seen.insert(place).inserted else { return nil }
            if areFull {
                return "\(place) full:\(socket.backlog ?? 0):\(socket.receiveQueue):\(socket.receiveBufferBytes ?? 0)"
            }
            return "\(place) \(socket.isStopped == true ? "stopped" : "served")"
        }
    }

    static let functions = sockets + ports + members + packets

    /// One small program for all sockets of a namespace where there is python3; else socat, nc or busybox, one a socket.
    private static let sockets = #"""
        # sockets NAME: what listens there, a line each: PROTOCOL ADDRESS PORT DEVICE V6ONLY TRANSPARENT PEER PORT STATE.
        # Datagrams are sent back. A socket with a peer takes what comes from there alone; - for none.
        # The state is served, stopped (nobody answers), or full:BACKLOG:WAITING:BUFFER (filled over lo, and nobody answers).
        sockets() {
            place=$1
            cat >/run/twin-sockets
            if command -v python3 >/dev/null; then
                cat >/run/twin-sockets.py <<'PYTHON'
        import os, selectors, socket, struct, sys, time
        # IPV6_V6ONLY, IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO, SO_BINDTODEVICE, IP_TRANSPARENT, IPV6_TRANSPARENT, SO_MEMINFO,
        # TCP_REPAIR
        def fill(made, protocol, address, port, waiting):
            target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
            if protocol == "tcp":
                # TCP_INFO at a socket that listens: tcpi_unacked is what waits. An acknowledgement can be on its way yet, and a SYN
                # is dropped where too many are.
                def queued():
                    return struct.unpack("7I", made.getsockopt(socket.IPPROTO_TCP, 11, 28))[6]
                end = time.monotonic() + 10
                for number in range(waiting):
                    while queued() <= number:
                        if time.monotonic() > end:
                            raise OSError("its queue did not fill")
                        client = socket.socket(made.family, socket.SOCK_STREAM)
                        client.settimeout(0.3)
                        try:
                            client.connect((target, port))
                            # Closed without a word.
                            client.setsockopt(socket.IPPROTO_TCP, 19, 1)
                        except socket.timeout:
                            pass
                        client.close()
                        soon = time.monotonic() + 0.3
                        while queued() <= number and time.monotonic() < soon:
                            time.sleep(0.001)
                return
            client = socket.socket(made.family, socket.SOCK_DGRAM)
            while True:
                memory = struct.unpack("9I", made.getsockopt(socket.SOL_SOCKET, 55, 36))
                if memory[0] >= waiting or memory[8]:
                    return
                client.sendto(b"twin", (target, port))
        selector = selectors.DefaultSelector()
        later = []
        for line in open("/run/twin-sockets"):
            protocol, address, port, device, only, transparent, peer, peer_port, state = line.split()
            full = [int(number) for number in state.split(":")[1:]]
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    made.setsockopt(socket.IPPROTO_IPV6, 26, int(only))
                if device != "-" and not full:
                    made.setsockopt(socket.SOL_SOCKET, 25, device.encode())
                if protocol == "udp":
                    made.setsockopt(socket.IPPROTO_IP, 8, 1)
                    if family == socket.AF_INET6:
                        made.setsockopt(socket.IPPROTO_IPV6, 49, 1)
                made.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
                if transparent == "1":
                    made.setsockopt(*((socket.IPPROTO_IPV6, 75) if family == socket.AF_INET6 else (socket.IPPROTO_IP, 19)), 1)
                if full and full[2]:
                    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, full[2] // 2)
                made.bind((address, int(port)))
                if peer != "-":
                    made.connect((peer, int(peer_port)))
                if protocol == "tcp":
                    made.listen(full[0] if full else 4096)
                if full:
                    fill(made, protocol, address, int(port), full[1])
            except OSError as error:
                print(f"not rebuilt in {sys.argv[1]}: listener {line.strip()}: {error}", file=sys.stderr)
                if not full:
                    continue
            if full and device != "-":
                later.append((made, device))
            made.setblocking(False)
            if state == "served":
                selector.register(made, selectors.EVENT_READ, protocol)
            else:
                later.append((made, None))
        if os.fork():
            os._exit(0)
        os.setsid()
        # Devices come after the sockets that are full.
        for made, device in later:
            for _ in range(600 if device else 0):
                try:
                    made.setsockopt(socket.SOL_SOCKET, 25, device.encode())
                    break
                except OSError:
                    time.sleep(0.05)
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
            while read -r protocol address port device only transparent peer peer_port state; do
                if [ "$peer" != - ]; then
                    echo "not rebuilt in $place: socket $protocol $address $port, connected to $peer $peer_port: python3 is missing" >&2
                    continue
                fi
                if [ "$transparent" = 1 ]; then
                    echo "not rebuilt in $place: listener $protocol $address $port: it takes no packets for foreign addresses without python3" >&2
                fi
                if [ "$state" != served ]; then
                    echo "not rebuilt in $place: listener $protocol $address $port: it is ${state%%:*}, which takes python3: here it answers" >&2
                fi
                # Its device comes later.
                case $state in full*) device=- ;; esac
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

    /// Connections under repair are made without a packet; a port that connect(2) chooses serves another destination too.
    private static let ports = #"""
        # held_ports NAME: sockets that hold local ports, a line each: PROTOCOL ADDRESS PORT REMOTE PORT (0: bound alone).
        held_ports() {
            place=$1
            cat >/run/twin-held
            if ! command -v python3 >/dev/null; then
                echo "local ports that connections hold: python3 is missing" | told "$place"
                return
            fi
            cat >/run/twin-held.py <<'PYTHON'
        import os, resource, signal, socket, sys
        # TCP_REPAIR, IP_FREEBIND, IP_BIND_ADDRESS_NO_PORT, IP_LOCAL_PORT_RANGE
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        kept, failed, said = [], 0, ""
        least, greatest = (int(word) for word in open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
        for line in open("/run/twin-held"):
            protocol, address, port, remote, other = line.split()
            port, other = int(port), int(other)
            try:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                made = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
                made.setsockopt(socket.IPPROTO_IP, 15, 1)
                chosen = port
                if protocol == "tcp" and other:
                    made.setsockopt(socket.IPPROTO_TCP, 19, 1)
                    try:
                        if least <= port <= greatest:
                            made.setsockopt(socket.IPPROTO_IP, 24, 1)
                            made.setsockopt(socket.IPPROTO_IP, 51, (port << 16 | port).to_bytes(4, sys.byteorder))
                            chosen = 0
                    except OSError:
                        pass
                made.bind((address, chosen))
                if other:
                    made.connect((remote, other))
                kept.append(made)
            except OSError as error:
                failed, said = failed + 1, said or str(error)
        if failed:
            print(f"not rebuilt in {sys.argv[1]}: {failed} local ports that connections hold: {said}", file=sys.stderr)
        if os.fork():
            os._exit(0)
        os.setsid()
        signal.pause()
        PYTHON
            in_namespace "$place" python3 /run/twin-held.py "$place" </dev/null >/dev/null
        }

        """#

    /// A socket for each group: one may be a member of few only.
    private static let members = #"""
        # groups NAME: multicast groups that a socket is a member of, a line each: DEVICE GROUP.
        groups() {
            place=$1
            cat >/run/twin-members
            if ! command -v python3 >/dev/null; then
                echo "members of multicast groups: python3 is missing" | told "$place"
                return
            fi
            cat >/run/twin-members.py <<'PYTHON'
        import os, signal, socket, struct, sys
        # MCAST_JOIN_GROUP: struct group_req.
        kept = []
        for line in open("/run/twin-members"):
            device, group = line.split()
            try:
                family = socket.AF_INET6 if ":" in group else socket.AF_INET
                made = socket.socket(family, socket.SOCK_DGRAM)
                address = struct.pack("=H", family) + (b"\0\0" if family == socket.AF_INET else b"\0" * 6)
                address += socket.inet_pton(family, group)
                request = struct.pack("=I4x", socket.if_nametoindex(device)) + address.ljust(128, b"\0")
                made.setsockopt(socket.IPPROTO_IPV6 if family == socket.AF_INET6 else socket.IPPROTO_IP, 42, request)
                kept.append(made)
            except OSError as error:
                print(f"not rebuilt in {sys.argv[1]}: member of {group} on {device}: {error}", file=sys.stderr)
        if os.fork():
            os._exit(0)
        os.setsid()
        signal.pause()
        PYTHON
            in_namespace "$place" python3 /run/twin-members.py "$place" </dev/null >/dev/null
        }

        """#

    /// No protocol has their type (0x88b5, of local experiments), and they go to the device's own address.
    private static let packets = #"""
        # waiting_packets NAME: frames that fill the queue of a device, a line each: DEVICE MAC BYTES COUNT. Nobody takes them.
        waiting_packets() {
            place=$1
            cat >/run/twin-waiting
            if ! command -v python3 >/dev/null; then
                echo "packets that wait in front of devices: python3 is missing" | told "$place"
                return
            fi
            cat >/run/twin-waiting.py <<'PYTHON'
        import socket
        made = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 28)
        for line in open("/run/twin-waiting"):
            device, mac, size, count = line.split()
            place = (device, 0x88b5, 0, 0, bytes.fromhex(mac.replace(":", "")))
            try:
                for _ in range(int(count)):
                    made.sendto(bytes(int(size) - 14), socket.MSG_DONTWAIT, place)
            except OSError:
                pass
        PYTHON
            in_namespace "$place" python3 /run/twin-waiting.py </dev/null 2>&1 | tail -n 1 | told "$place"
        }


        """#
}
