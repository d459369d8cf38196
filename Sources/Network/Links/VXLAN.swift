public import Wire

extension Link.VXLAN {
    /// ip-link(8), `df`.
    public struct DontFragment: NamedValue {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let set: Self = "set"
        /// As the IPv4 header inside says; set for IPv6.
        public static let inherit: Self = "inherit"
    }
}

extension Link {
    public struct VXLAN: Sendable, Codable, Hashable {
        public var identifier: UInt32
        public var port: UInt16
        public var remote: IPAddress?
        public var local: IPAddress?
        public var device: String?
        public var learning: Bool
        public var fdb: [FDBEntry]
        /// Of the outer packet; nil where it is the route's or, with `inherit`, the inner packet's.
        public var ttl: UInt8?
        /// Identifier and far end come with each packet (`external`).
        public var isExternal: Bool?
        /// Answers ARP requests from its neighbour table.
        public var proxiesARP: Bool?
        /// The outer header's DF flag (`df`): nil for never, the kernel's default.
        public var dontFragment: DontFragment?
        public init(
            identifier: UInt32, port: UInt16, remote: IPAddress? = nil, local: IPAddress? = nil, device: String? = nil,
            learning: Bool = true, fdb: [FDBEntry] = []
        ) {
            self.identifier = identifier
            self.port = port
            self.remote = remote
            self.local = local
            self.device = device
            self.learning = learning
            self.fdb = fdb
        }
        enum CodingKeys: String, TolerantKey {
            case identifier = "id"
            case port, remote, local, device, learning, fdb, ttl
            case isExternal = "external"
            case proxiesARP = "proxy"
            case dontFragment = "df"

            static let defaults: [Self: any Sendable] = [.port: UInt16(4789), .learning: true]
        }
    }
}
