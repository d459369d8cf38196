/// A named set or map of nftables.
public struct NamedSet: Sendable, Codable, Hashable {
    public var family: TableFamily
    public var table: String
    public var name: String
    /// Whether it maps keys to values or verdicts.
    public var isMap: Bool
    /// The array that libnftables' JSON gives as `elem`, compact; `[]` for an empty one.
    public var elements: String

    public init(family: TableFamily, table: String, name: String, isMap: Bool = false, elements: String = "[]") {
        self.family = family
        self.table = table
        self.name = name
        self.isMap = isMap
        self.elements = elements
    }

    enum CodingKeys: String, TolerantKey {
        case family, table, name, elements
        case isMap = "map"

        static let defaults: [Self: any Sendable] = [.elements: "[]"]
    }
}
