internal import Network
internal import Wire

/// What a packet is, in the words by which a rule's miss is told.
extension PacketState {
    var sourceWords: String { "its source is \(source)" }
    var destinationWords: String { "its destination is \(destination)" }
    var protocolWords: String { "it is \(ipProtocol == .icmpv6 ? "ICMPv6" : ipProtocol.description.uppercased())" }

    func portWords(_ port: UInt16?, _ name: String) -> String {
        port.map { "its \(name) port is \($0)" } ?? "it has no ports"
    }

    var connectionWords: String {
        switch connection {
        case .new: "the connection is new"
        case .established: "the connection is established"
        case .related: "it belongs to another connection"
        case .invalid: "conntrack calls it invalid"
        case .untracked: "it is not tracked"
        case nil: "the connection's state is not known"
        }
    }

    var markWords: String { isMarkKnown ? "its mark is 0x\(String(mark, radix: 16))" : "its mark is not known" }
}

extension RuleSite {
    var inWords: String { inDevice.map { "came in by \($0)" } ?? "was sent here" }
    var outWords: String { outDevice.map { "leaves by \($0)" } ?? "has no way out chosen yet" }
}

/// Interface names of iptables: a `+` at the end stands for anything.
func interfaceMatches(_ pattern: String, _ name: String, wildcard: Character) -> Bool {
    if pattern.last == wildcard { return name.hasPrefix(pattern.dropLast()) }
    return pattern == name
}

/// `addrtype` and `fib … type`: what an address is to a namespace (RTN_…); nil where it can't be told.
func addressType(_ address: IPAddress, in namespace: Namespace) -> String {
    if namespace.holds(address) { return "local" }
    if address.isMulticast { return "multicast" }
    if address == IPAddress(ipv4: .max) { return "broadcast" }
    if address.isIPv4 {
        for link in namespace.links {
            for prefix in link.addresses where prefix.address.isIPv4 && prefix.length < 31 {
                let hostBits = UInt64(UInt32.max >> UInt32(prefix.length))
                if prefix.contains(address), address.low & hostBits == hostBits { return "broadcast" }
            }
        }
    }
    let matches = namespace.routes.filter { $0.destination.contains(address) }
    let best = matches.max { $0.destination.length < $1.destination.length }
    if let best, best.kind.isRefusal || best.kind == .local { return best.kind.rawValue }
    return "unicast"
}
