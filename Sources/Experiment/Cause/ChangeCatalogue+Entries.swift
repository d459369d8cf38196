internal import Network
internal import Probes
internal import Snapshot
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// So many entries of one kind are tried, one namespace.
    private static var entryLimit: Int { 50 }

    /// What was learned or put there by hand: neighbours, forwarding databases, connections, each forgotten.
    func entries(_ namespace: Namespace) -> [Candidate] {
        Array(neighbours(namespace).prefix(Self.entryLimit)) + Array(forwarding(namespace).prefix(Self.entryLimit))
            + Array(connections(namespace).prefix(Self.entryLimit))
    }

    private func neighbours(_ namespace: Namespace) -> [Candidate] {
        namespace.neighbors.filter { $0.address.family == family && $0.state != .noARP }.map { neighbour in
            Candidate(
                .entry,
                [.ip(namespace, family, "neigh del \(neighbour.address) dev \(neighbour.device)")],
                condition:
                    "the neighbour entry \(neighbour.address) of \(neighbour.device) forgotten in \(namespace.name)",
                code: "stale-neighbor", place: place(namespace, device: neighbour.device), breadth: .flow,
                object: "\(namespace.name) neighbour \(neighbour.address) \(neighbour.device)")
        }
    }

    private func forwarding(_ namespace: Namespace) -> [Candidate] {
        let own = Set(namespace.links.compactMap(\.mac))
        return namespace.links.flatMap { link -> [Candidate] in
            let bridged = (link.bridge?.fdb ?? []).compactMap { entry -> Candidate? in
                guard let device = entry.device else { return nil }
                // A port's own address is the kernel's entry.
                if entry.permanent, namespace[device: device]?.mac == entry.mac || link.mac == entry.mac { return nil }
                return forgotten(entry, at: device, "master", namespace)
            }
            let tunnelled = (link.vxlan?.fdb ?? []).compactMap { entry -> Candidate? in
                entry.destination.map { forgotten(entry, at: link.name, "dst \($0)", namespace) }
            }
            return bridged + tunnelled
        }.filter { _ in !own.isEmpty }
    }

    private func forgotten(
        _ entry: FDBEntry, at device: String, _ rest: String, _ namespace: Namespace
    ) -> Candidate {
        let vlan = entry.vlan.map { " vlan \($0)" } ?? ""
        let words = CommandWords(
            "fdb del \(entry.mac) dev \(device) \(rest)\(vlan)".split(separator: " ").map { String($0) })
        return Candidate(
            .entry, [.run(namespace, "bridge \(words: words)")],
            condition: "the forwarding entry \(entry.mac) of \(device) forgotten in \(namespace.name)",
            code: rest == "master" ? "fdb-misdirected" : "vxlan-unreachable",
            place: place(namespace, device: device), breadth: .flow,
            object: "\(namespace.name) fdb \(entry.mac) \(device) \(rest)")
    }

    /// Connections of the packet's destination or port.
    private func connections(_ namespace: Namespace) -> [Candidate] {
        let entries = snapshot[namespace: namespace.name]?.conntrack ?? []
        return entries.filter { entry in
            entry.ipProtocol == request.ipProtocol
                && [entry.original, entry.reply].contains {
                    $0.source == request.destination || $0.destination == request.destination
                        || request.destinationPort != 0 && $0.destinationPort == request.destinationPort
                }
        }.map { entry in
            var words: CommandWords =
                "conntrack -D -p \(entry.ipProtocol.ruleName) -s \(entry.original.source) -d \(entry.original.destination)"
            if entry.ipProtocol == .tcp || entry.ipProtocol == .udp {
                if let port = entry.original.sourcePort { words += "--sport \(port)" }
                if let port = entry.original.destinationPort { words += "--dport \(port)" }
            }
            if entry.zone != 0 { words += "-w \(entry.zone)" }
            return Candidate(
                .entry, [.run(namespace, words)],
                condition:
                    "the connection \(entry.original.source) to \(entry.original.destination) forgotten in \(namespace.name)",
                code: "conntrack-stale", place: place(namespace), breadth: .flow,
                object: "\(namespace.name) conntrack \(entry)")
        }
    }

    /// A program that takes the packet, in each namespace that it may end in.
    func listeners(_ namespace: Namespace) -> [Candidate] {
        guard request.kind != .echo else { return [] }
        let ports = [request.destinationPort] + redirectedPorts.filter { $0 != request.destinationPort }
        let isTCP = request.ipProtocol == .tcp
        return unsigned(namespace) + idle(namespace)
            + ports.prefix(8).filter { port in
                !namespace.listeners.contains { $0.isOn(request.ipProtocol, port: port) && takesFromAnyone($0) }
            }.map { port in
                let there = namespace.listeners.contains { $0.isOn(request.ipProtocol, port: port) }
                return Candidate(
                    .listener, [],
                    condition:
                        "a program at \(isTCP ? "tcp" : "udp") port \(port) of every address in \(namespace.name)",
                    code: there ? "listener-elsewhere" : "no-listener", place: place(namespace), breadth: .device,
                    object: "\(namespace.name) listener \(port)",
                    trialActions: [.run(namespace, CommandWords(["sh", "-c", Self.server(port, isTCP: isTCP)]))])
            }
    }

    /// Whether it takes the packet's family at every address and device, from every sender.
    private func takesFromAnyone(_ listener: Listener) -> Bool {
        guard listener.address.isUnspecified, listener.device == nil, listener.peer == nil else { return false }
        return listener.address.family == family || isIPv4 && listener.isIPv6Only != true
    }

    /// The programs at the packet's port that take nothing, running and taking what waits for them.
    private func idle(_ namespace: Namespace) -> [Candidate] {
        let port = request.destinationPort
        let waiting = namespace.listeners.filter {
            $0.isOn(request.ipProtocol, port: port) && ($0.isFull || $0.isStopped == true)
        }
        guard let first = waiting.first else { return [] }
        let (code, words): (FindingCode, String) =
            !first.isFull
            ? ("process-stopped", "running")
            : first.protocol == .tcp
                ? ("accept-queue-full", "accepting the connections that wait")
                : ("socket-buffer-full", "reading the datagrams that wait")
        return [
            Candidate(
                .listener, [],
                condition:
                    "\(first.process ?? "the program") at \(first.protocol) port \(port) in \(namespace.name) \(words)",
                code: code, place: place(namespace), breadth: .flow, object: "\(namespace.name) listener \(port)",
                trialChange: TrialChange(serving: first.protocol, port: port, in: namespace.name))
        ]
    }

    /// In place of a program that wants signed segments (TCP MD5) one that wants none: at the very address, where the kernel
    /// prefers it.
    private func unsigned(_ namespace: Namespace) -> [Candidate] {
        let isThere = namespace.listeners.contains {
            $0.isOn(.tcp, port: request.destinationPort) && $0.signedPeers?.isEmpty == false
        }
        guard isThere, request.ipProtocol == .tcp, namespace.holds(request.destination) else { return [] }
        let port = request.destinationPort
        return [
            Candidate(
                .listener, [],
                condition: "a program at tcp port \(port) in \(namespace.name) that wants no signature (TCP MD5)",
                code: "kernel-refusal", place: place(namespace), breadth: .device,
                object: "\(namespace.name) listener \(port)",
                trialActions: [
                    .run(
                        namespace,
                        CommandWords(["sh", "-c", Self.server(port, isTCP: true, address: "\(request.destination)")]))
                ])
        ]
    }

    /// The ports that rules send packets to: `--to-ports 15001`, `--on-port 7893`, `--to-destination 10.0.0.2:80`,
    /// `redirect to :3128`, `tproxy to :3129`, `dnat to 10.0.0.2:80`; of a range the first.
    private var redirectedPorts: [UInt16] {
        let options: Set<Substring> = ["--to-ports", "--on-port", "--to-destination", "to"]
        var result: [UInt16] = []
        for rule in topology.namespaces.flatMap(\.netfilter.chains).flatMap(\.rules) {
            let words = rule.text.split(separator: " ")
            for (option, target) in zip(words, words.dropFirst()) where options.contains(option) {
                let port = target.split(separator: ":").last.map { $0.prefix { $0.isNumber } } ?? ""
                guard target.contains(":") || option != "to" && option != "--to-destination", let number = UInt16(port),
                    !result.contains(number)
                else { continue }
                result.append(number)
            }
        }
        return result
    }

    /// A server that answers, in the background, with what the machine has. The command ends when it listens.
    ///
    /// - Parameter address: nil for all of them; else that one alone.
    private static func server(_ port: UInt16, isTCP: Bool, address: String? = nil) -> String {
        let family = address?.contains(":") == false ? "AF_INET" : "AF_INET6"
        let type = isTCP ? "SOCK_STREAM" : "SOCK_DGRAM"
        // The program that is there listens at another address, or by another device.
        let options =
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)"
            + (address == nil
                // 75 is IPV6_TRANSPARENT: TPROXY hands packets to no other socket.
                ? "; s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0); s.setsockopt(socket.IPPROTO_IPV6, 75, 1)"
                : "")
        let opening =
            "import os, socket; s = socket.socket(socket.\(family), socket.\(type)); \(options); s.bind(('\(address ?? "::")', \(port)))"
        // One line: the shell has no plain word for a line's end.
        let serving = isTCP ? "s.accept()" : "s.sendto(*s.recvfrom(65535))"
        let python =
            "\(opening)\(isTCP ? "; s.listen(9)" : ""); os.fork() and os._exit(0); os.setsid(); [\(serving) for _ in iter(int, 1)]"
        let busybox = "busybox nc \(isTCP ? "" : "-u ")-ll -p \(port) -e /bin/cat & sleep 0.2"
        return
            "exec 2> /dev/null; if command -v python3 > /dev/null; then exec python3 -c \(shellWord(python)); else \(busybox); fi"
    }
}
