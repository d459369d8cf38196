public import Wire

extension Route {
    /// A next hop of a multipath route.
    public struct NextHop: Sendable, Codable, Hashable {
        public var gateway: IPAddress?
        public var device: String?
        public var weight: Int
        public init(gateway: IPAddress?, device: String?, weight: Int = 1) {
            self.gateway = gateway
            self.device = device
            self.weight = weight
        }

        enum CodingKeys: String, TolerantKey {
            case gateway, device, weight

            static let defaults: [Self: any Sendable] = [.weight: 1]
        }
    }
}
