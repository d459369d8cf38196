extension Link {
    public struct Peer: Sendable, Codable, Hashable {
        /// Nil where the peer's namespace could not be found.
        public var namespace: String?
        public var device: String
        public init(namespace: String?, device: String) {
            self.namespace = namespace
            self.device = device
        }

        enum CodingKeys: String, TolerantKey {
            case namespace, device
        }
    }
}
