extension Link {
    /// A queueing discipline below a device's root, or at its ingress (tc(8)).
    public struct Discipline: Sendable, Codable, Hashable {
        /// `fq_codel`, `clsact`, …
        public var kind: String
        /// As tc writes it: `1:10` for a class of the discipline `1:`, `ffff:fff1` for ingress.
        public var parent: String
        public var queue: Queue

        public init(kind: String, parent: String, queue: Queue) {
            self.kind = kind
            self.parent = parent
            self.queue = queue
        }

        enum CodingKeys: String, TolerantKey { case kind, parent, queue }
    }
}
