public import Wire

/// A next hop that routes refer to by number (ip-nexthop(8)): one next hop, or a group of others.
public struct NextHopObject: Sendable, Codable, Hashable {
    public struct Member: Sendable, Codable, Hashable {
        public var identifier: UInt32
        public var weight: Int

        public init(identifier: UInt32, weight: Int = 1) {
            self.identifier = identifier
            self.weight = weight
        }

        enum CodingKeys: String, TolerantKey {
            case identifier = "id"
            case weight

            static let defaults: [Self: any Sendable] = [.weight: 1]
        }
    }

    public var identifier: UInt32
    public var gateway: IPAddress?
    public var device: String?
    /// Drops what is sent by it.
    public var isBlackhole: Bool
    /// Nil for one that is no group.
    public var group: [Member]?
    /// Nil where it has none.
    public var flags: [RouteFlag]?

    public init(
        identifier: UInt32, gateway: IPAddress? = nil, device: String? = nil, isBlackhole: Bool = false,
        group: [Member]? = nil, flags: [RouteFlag]? = nil
    ) {
        self.identifier = identifier
        self.gateway = gateway
        self.device = device
        self.isBlackhole = isBlackhole
        self.group = group
        self.flags = flags
    }

    enum CodingKeys: String, TolerantKey {
        case identifier = "id"
        case gateway, device, group, flags
        case isBlackhole = "blackhole"
    }
}
