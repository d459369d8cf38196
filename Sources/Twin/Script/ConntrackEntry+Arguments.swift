internal import Snapshot
internal import Wire

extension ConntrackEntry {
    /// What `conntrack -I` takes for it; nil for a protocol of which it makes none.
    ///
    /// The translation is given as such, and not by the tuple of replies: an entry that is read back with both tuples
    /// lists right and translates wrong.
    var arguments: String? {
        var words = ["-p", "\(name)", "-s", "\(original.source)", "-d", "\(original.destination)"]
        switch ipProtocol {
        case .tcp, .udp, .sctp:
            guard let from = original.sourcePort, let to = original.destinationPort else { return nil }
            words += ["--sport", "\(from)", "--dport", "\(to)"]
            // The words go to a shell: nothing but the kernel's names of states.
            let known = state.flatMap { $0.utf8.allSatisfy { (65...90).contains($0) || $0 == 95 } ? $0 : nil }
            if ipProtocol == .tcp { words += ["--state", known ?? "ESTABLISHED"] }
        case .icmp, .icmpv6:
            guard let identifier = original.sourcePort else { return nil }
            let kind = ipProtocol == .icmp ? "8" : "128"
            let option = ipProtocol == .icmp ? "icmp" : "icmpv6"
            words += ["--\(option)-type", kind, "--\(option)-code", "0", "--\(option)-id", "\(identifier)"]
        // The kernel's own reports of groups: the twin's devices have sent theirs.
        case .igmp: return nil
        default: break
        }
        let hasPorts = original.destinationPort != nil && ipProtocol != .icmp && ipProtocol != .icmpv6
        if reply.source != original.destination || hasPorts && reply.sourcePort != original.destinationPort {
            words += ["--dst-nat", Self.end(reply.source, hasPorts ? reply.sourcePort : nil)]
        }
        if reply.destination != original.source || hasPorts && reply.destinationPort != original.sourcePort {
            words += ["--src-nat", Self.end(reply.destination, hasPorts ? reply.destinationPort : nil)]
        }
        if !words.contains("--src-nat"), !words.contains("--dst-nat") {
            // To itself: rules of nat are not asked again for a connection that they have seen.
            words += ["--src-nat", Self.end(original.source, hasPorts ? original.sourcePort : nil)]
        }
        let kept = status.filter { ["ASSURED", "SEEN_REPLY"].contains($0) }
        if !kept.isEmpty { words += ["-u", kept.joined(separator: ",")] }
        words += ["-t", "\(max(timeout ?? 30, 5))"]
        // Decimal: conntrack(8) reads the digits of another base wrong.
        if mark != 0 { words += ["-m", "\(mark)"] }
        if zone != 0 { words += ["-w", "\(zone)"] }
        return words.joined(separator: " ")
    }

    private var name: String {
        switch ipProtocol {
        case .tcp: "tcp"
        case .udp: "udp"
        case .icmp: "icmp"
        case .icmpv6: "icmpv6"
        case .sctp: "sctp"
        default: "\(ipProtocol.rawValue)"
        }
    }

    private static func end(_ address: IPAddress, _ port: UInt16?) -> String {
        guard let port else { return "\(address)" }
        return address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
