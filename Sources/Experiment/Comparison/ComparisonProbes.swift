internal import Network
internal import Probes
public import Snapshot
internal import Wire

/// Packets of many kinds, to hold two networks against each other: from each namespace to each other one's addresses and
/// listeners, to its gateways, and to the addresses and ports that its rules name.
public struct ComparisonProbes: Sendable {
    public private(set) var packets: [TrialPacket] = []

    /// - Parameters:
    ///   - snapshots: of the networks to be compared: what only one of them has is asked of both.
    ///   - texts: more texts whose addresses and ports are asked for, such as a change of the rules.
    ///   - limit: no more than this many; those between namespaces come first.
    public init(_ snapshots: [HostSnapshot], texts: [String] = [], limit: Int = 2000) {
        var seen: Set<TrialPacket> = []
        let hosts = Self.common(snapshots)
        let named = Self.named(snapshots, texts)
        var later: [TrialPacket] = []
        func add(_ packet: TrialPacket, to list: inout [TrialPacket]) {
            if seen.insert(packet).inserted { list.append(packet) }
        }
        for (sender, families) in hosts.senders {
            for address in hosts.addresses where families.contains(address.family) {
                add(TrialPacket(from: sender, PacketRequest(kind: .echo, destination: address)), to: &packets)
                for listener in hosts.listeners where listener.serves(address, of: hosts.owners[address] ?? "") {
                    let kind: PacketRequest.Kind = listener.isTCP ? .tcp(listener.port) : .udp(listener.port)
                    add(TrialPacket(from: sender, PacketRequest(kind: kind, destination: address)), to: &packets)
                }
            }
            for (address, port) in hosts.broadcasts where families.contains(address.family) {
                add(TrialPacket(from: sender, PacketRequest(kind: .udp(port), destination: address)), to: &packets)
            }
            let others = named.addresses.filter { families.contains($0.family) }
            for address in others {
                add(TrialPacket(from: sender, PacketRequest(kind: .echo, destination: address)), to: &later)
            }
            for port in named.ports {
                for address in (hosts.addresses + others) where families.contains(address.family) {
                    for kind in [PacketRequest.Kind.tcp(port), .udp(port)] {
                        add(TrialPacket(from: sender, PacketRequest(kind: kind, destination: address)), to: &later)
                    }
                }
            }
        }
        packets = Array((packets + Self.spread(later, to: max(0, limit - packets.count))).prefix(limit))
    }

    /// So many of them, evenly.
    private static func spread(_ packets: [TrialPacket], to count: Int) -> [TrialPacket] {
        guard packets.count > count, count > 0 else { return count > 0 ? packets : [] }
        return (0..<count).map { packets[$0 * packets.count / count] }
    }

    private struct Service: Hashable {
        var namespace: String
        var address: IPAddress
        var port: UInt16
        var isTCP: Bool

        func serves(_ address: IPAddress, of owner: String) -> Bool {
            namespace == owner && (self.address == address || self.address.isUnspecified)
        }
    }

    private struct Hosts {
        var senders: [(name: String, families: Set<IPAddress.Family>)] = []
        var addresses: [IPAddress] = []
        var owners: [IPAddress: String] = [:]
        var listeners: Set<Service> = []
        /// Of networks, with the ports of datagrams that somebody there waits for at every address.
        var broadcasts: [(address: IPAddress, port: UInt16)] = []

        mutating func add(broadcastsOf namespace: NamespaceSnapshot) {
            let ports = Set(
                namespace.sockets.filter { $0.protocol == .udp && $0.address.isUnspecified && $0.port > 0 }.map(\.port))
            for element in namespace.addresses {
                guard let local = element["local"]?.string.flatMap({ IPAddress($0) }), !local.isLoopback,
                    let length = element["prefixlen"]?.integer,
                    let address = IPPrefix(local, length: Int(length))?.broadcast
                else { continue }
                for port in ports.sorted() where !broadcasts.contains(where: { $0 == (address, port) }) {
                    broadcasts.append((address, port))
                }
            }
        }
    }

    /// The namespaces that all networks have, and what any of them has of each.
    private static func common(_ snapshots: [HostSnapshot]) -> Hosts {
        var hosts = Hosts()
        for namespace in snapshots.first?.namespaces ?? [] {
            let all = snapshots.compactMap { $0[namespace: namespace.name] }
            guard all.count == snapshots.count else { continue }
            var families: Set<IPAddress.Family> = []
            for one in all {
                for text in one.addresses.compactMap({ $0["local"]?.string }) {
                    guard let address = IPAddress(text), !address.isLoopback, !address.isLinkLocal else { continue }
                    families.insert(address.family)
                    if hosts.owners.updateValue(namespace.name, forKey: address) == nil {
                        hosts.addresses.append(address)
                    }
                }
                hosts.add(broadcastsOf: one)
                for socket in one.sockets {
                    hosts.listeners.insert(
                        Service(
                            namespace: namespace.name, address: socket.address, port: socket.port,
                            isTCP: socket.protocol == .tcp))
                }
            }
            if !families.isEmpty { hosts.senders.append((namespace.name, families)) }
        }
        return hosts
    }

    /// What rules, routes and changes name: addresses (of a prefix the first and the last one that a host can have), and
    /// ports.
    private static func named(_ snapshots: [HostSnapshot], _ more: [String]) -> (
        addresses: [IPAddress], ports: [UInt16]
    ) {
        var addresses: Set<IPAddress> = []
        var ports: Set<UInt16> = [80]
        for text in snapshots.flatMap({ $0.namespaces.flatMap(\.ruleTexts) }) + more {
            var previous = ""
            for word in text.split(whereSeparator: { " \t\n,{}\"=".contains($0) }).map(String.init) {
                if let prefix = IPPrefix(word), prefix.length > 0 {
                    addresses.formUnion(Self.ends(of: prefix))
                } else if ["dport", "--dport", "--dports", "sport"].contains(previous) || previous == "dport!=" {
                    for part in word.split(whereSeparator: { ",:-".contains($0) }) {
                        if let port = UInt16(part), port > 0 { ports.insert(port) }
                    }
                }
                if word != "!=" && word != "{" { previous = word }
            }
        }
        return (
            addresses.filter { !$0.isLoopback && !$0.isMulticast && !$0.isUnspecified }.sorted { "\($0)" < "\($1)" },
            ports.sorted()
        )
    }

    private static func ends(of prefix: IPPrefix) -> [IPAddress] {
        if prefix.length == prefix.address.bitWidth { return [prefix.address] }
        var first = prefix.network.address
        first.low |= 1
        guard let broadcast = prefix.broadcast else { return [first] }
        var last = broadcast
        last.low -= 1
        return [first, last]
    }
}

extension NamespaceSnapshot {
    /// The texts of its rules and routes.
    var ruleTexts: [String] {
        nftables.map(\.text) + iptables.map(\.text) + [ipsets ?? ""]
            + (routes.ipv4 + routes.ipv6).compactMap { $0["dst"]?.string }
    }
}
