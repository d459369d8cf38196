internal import Wire

extension RoutingRule {
    /// What a rule asks beyond addresses, mark and devices, and what it makes of a route that was found.
    public struct Selectors: Sendable, Codable, Hashable {
        /// Matches what its conditions do not (`not`).
        public var isInverted: Bool
        public var tos: UInt8?
        /// A number of IANA's, as in the IP header.
        public var ipProtocol: UInt8?
        public var sourcePorts: ClosedRange<UInt16>?
        public var destinationPorts: ClosedRange<UInt16>?
        /// Of the process whose socket sends.
        public var users: ClosedRange<UInt32>?
        /// The identifier of the tunnel that the packet came by.
        public var tunnel: UInt64?
        /// Looks in the table of the VRF that the packet is in.
        public var usesVRF: Bool
        /// A route whose prefix is no longer than this is passed over.
        public var suppressPrefixLength: Int?
        /// A route by a device of this group is passed over.
        public var suppressGroup: UInt32?
        /// The priority of the rule that follows, of a `goto`.
        public var target: UInt32?

        public init() {
            isInverted = false
            usesVRF = false
        }

        enum CodingKeys: String, TolerantKey {
            case isInverted = "not"
            case tos
            case ipProtocol = "ipproto"
            case sourcePorts = "sport"
            case destinationPorts = "dport"
            case users = "uidrange"
            case tunnel = "tun_id"
            case usesVRF = "l3mdev"
            case suppressPrefixLength = "suppress_prefixlength"
            case suppressGroup = "suppress_ifgroup"
            case target = "goto"
        }

        /// As ip-rule(8) takes it: `not ipproto tcp dport 80`.
        public var text: String {
            func text<Number>(_ range: ClosedRange<Number>) -> String {
                range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
            }
            var words: [String] = isInverted ? ["not"] : []
            if let tos { words.append("tos 0x\(String(tos, radix: 16))") }
            if let tunnel { words.append("tun_id \(tunnel)") }
            if let ipProtocol { words.append("ipproto \(IPProtocol(rawValue: ipProtocol))") }
            if let sourcePorts { words.append("sport \(text(sourcePorts))") }
            if let destinationPorts { words.append("dport \(text(destinationPorts))") }
            // iproute2 takes a range alone.
            if let users { words.append("uidrange \(users.lowerBound)-\(users.upperBound)") }
            if usesVRF { words.append("l3mdev") }
            if let suppressPrefixLength { words.append("suppress_prefixlength \(suppressPrefixLength)") }
            if let suppressGroup { words.append("suppress_ifgroup \(suppressGroup)") }
            if let target { words.append("goto \(target)") }
            return words.joined(separator: " ")
        }

        /// Whether a packet has the protocol and ports that it asks for; nil where that can't be known: it asks for
        /// something else too, or the packet's own are not known.
        func meets(_ flow: RoutedFlow?) -> Bool? {
            if tos != nil || users != nil || tunnel != nil || usesVRF { return nil }
            guard ipProtocol != nil || sourcePorts != nil || destinationPorts != nil else { return true }
            guard let flow else { return nil }
            if let ipProtocol, flow.ipProtocol.rawValue != ipProtocol { return false }
            for (ports, port) in [(sourcePorts, flow.sourcePort), (destinationPorts, flow.destinationPort)] {
                guard let ports else { continue }
                // The kernel compares 0 where a protocol has no ports.
                guard let port = port ?? (flow.ipProtocol.hasPorts ? nil : 0) else { return nil }
                if !ports.contains(port) { return false }
            }
            return true
        }
    }
}
