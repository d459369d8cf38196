public import Wire

extension Route {
    /// A next hop of a multipath route.
    public struct NextHop: Sendable, Codable, Hashable {
        public var gateway: IPAddress?
        public var device: String?
        public var weight: Int
        /// Nil where it has none.
        public var flags: [RouteFlag]?
        public init(gateway: IPAddress?, device: String?, weight: Int = 1) {
            self.gateway = gateway
            self.device = device
            self.weight = weight
        }

        /// Its device is down: nothing is sent by it.
        public var isDead: Bool { flags?.contains(.dead) == true }

        enum CodingKeys: String, TolerantKey {
            case gateway, device, weight, flags

            static let defaults: [Self: any Sendable] = [.weight: 1]
        }
    }
}
