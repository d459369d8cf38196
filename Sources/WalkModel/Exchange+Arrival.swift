internal import Wire

extension Exchange {
    /// Whether the request arrived, and its answer where there was one. An answer shows the arrival of a request whose
    /// last steps can't be seen.
    public var arrived: Bool {
        switch request.outcome {
        case .delivered: reply.map { $0.outcome == .delivered && !$0.isICMPError } ?? !request.awaitsAnswer
        case .left: reply.map { $0.outcome == .delivered && !$0.isICMPError } ?? !request.awaitsAnswer
        case .dropped, .rejected, .lost, .unsent: false
        }
    }
}

extension Walk {
    /// Whether an answer is due: an echo request, a TCP SYN, an ARP or neighbour request.
    public var awaitsAnswer: Bool {
        if answers != nil { return false }
        return summary.hasPrefix("ICMP echo request") || summary.hasPrefix("ICMPv6 echo request")
            || summary.hasPrefix("TCP SYN ")
    }

    /// An ICMP message that advises of a better next hop (RFC 792, RFC 4861).
    public var isRedirect: Bool {
        witness.icmpType.map { $0 == (`protocol` == "icmpv6" ? IPProtocol.icmpv6 : .icmp).redirectType } ?? false
    }

    /// An ICMP message that says why another packet did not arrive.
    public var isICMPError: Bool {
        guard let type = witness.icmpType else { return false }
        // RFC 792; in ICMPv6 the types below 128 are the errors (RFC 4443).
        return `protocol` == "icmpv6" ? type < 128 : [3, 4, 11, 12].contains(type)
    }
}
