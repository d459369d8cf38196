public import Wire

extension Link {
    /// What a GRE or IP-in-IP device puts around a packet, as it is configured (IFLA_GRE_*, IFLA_IPTUN_*).
    public struct Tunnel: Sendable, Codable, Hashable {
        /// The source of outer packets; nil where routing chooses it.
        public var local: IPAddress?
        /// Their destination; nil for a device that takes it from the route of each packet.
        public var remote: IPAddress?
        /// The GRE key (RFC 2890) that a packet must have to come in; nil for none.
        public var inputKey: UInt32?
        /// The GRE key that outer packets get; nil for none.
        public var outputKey: UInt32?
        /// Bytes of the headers between the outer IP header and the inner packet: of GRE, and of an option of IPv6.
        public var headerLength: UInt32
        /// Whether outer IPv4 packets have DF (`pmtudisc`).
        public var setsDontFragment: Bool?
        /// Hop limit of outer packets; nil where it is inherited from the inner one.
        public var ttl: UInt8?
        /// Both ends come with each packet (`external`, collect_metadata).
        public var isExternal: Bool?
        /// The device that outer packets are bound to.
        public var device: String?

        public init(
            local: IPAddress? = nil, remote: IPAddress? = nil, inputKey: UInt32? = nil, outputKey: UInt32? = nil,
            headerLength: UInt32 = 0, setsDontFragment: Bool? = nil, device: String? = nil
        ) {
            self.local = local
            self.remote = remote
            self.inputKey = inputKey
            self.outputKey = outputKey
            self.headerLength = headerLength
            self.setsDontFragment = setsDontFragment
            self.device = device
        }

        /// Whether what `sender` sends to this end's namespace comes in by this device (`ip_tunnel_lookup`).
        public func takes(from sender: Tunnel) -> Bool {
            if let local, let remote = sender.remote, local != remote { return false }
            if let remote, let local = sender.local, remote != local { return false }
            return inputKey == sender.outputKey
        }

        enum CodingKeys: String, TolerantKey {
            case local, remote, device, ttl
            case inputKey = "input_key"
            case outputKey = "output_key"
            case headerLength = "header_length"
            case setsDontFragment = "pmtudisc"
            case isExternal = "external"

            static let defaults: [Self: any Sendable] = [.headerLength: UInt32(0)]
        }
    }
}
