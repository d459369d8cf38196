public import Wire

extension Link {
    /// The two ends of a tunnel that puts packets into IP or GRE (ip-tunnel(8)).
    public struct Tunnel: Sendable, Codable, Hashable {
        /// Nil for any.
        public var local: IPAddress?
        /// Nil where each packet's route says it.
        public var remote: IPAddress?
        /// The device that the outer packets are bound to.
        public var device: String?
        /// Of the outer packet; nil where it is inherited from the inner one.
        public var ttl: UInt8?
        /// GRE's key of what is received, and of what is sent.
        public var inKey: UInt32?
        public var outKey: UInt32?
        /// Both ends come with each packet (`external`, collect_metadata).
        public var isExternal: Bool?

        public init(local: IPAddress? = nil, remote: IPAddress? = nil, device: String? = nil, ttl: UInt8? = nil) {
            self.local = local
            self.remote = remote
            self.device = device
            self.ttl = ttl
        }

        enum CodingKeys: String, TolerantKey {
            case local, remote, device, ttl
            case inKey = "in_key"
            case outKey = "out_key"
            case isExternal = "external"
        }
    }
}
