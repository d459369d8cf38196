/// One rule of a chain.
public struct Rule: Sendable, Codable, Hashable {
    /// Counted from 1.
    public var position: Int
    public var handle: UInt64?
    /// As its own tool writes it.
    public var text: String
    public var packets: UInt64?
    public var bytes: UInt64?
    public var comment: String?
    /// libnftables' JSON of the rule's expressions (nft only), compact.
    public var expressions: String?

    public init(
        position: Int, handle: UInt64? = nil, text: String, packets: UInt64? = nil, bytes: UInt64? = nil,
        comment: String? = nil, expressions: String? = nil
    ) {
        self.position = position
        self.handle = handle
        self.text = text
        self.packets = packets
        self.bytes = bytes
        self.comment = comment
        self.expressions = expressions
    }

    enum CodingKeys: String, TolerantKey {
        case position, handle, text, packets, bytes, comment, expressions

        static let defaults: [Self: any Sendable] = [.text: ""]
    }
}
