/// The network of one host as it stood at one time: its namespaces and all that decides where packets go.
///
/// A value: discovery makes it (`Topology.discover`), recordings carry it as JSON, and every later room asks it.
/// Its JSON form is schema `packetwalk.map/1`. A map that lacks keys is read (`TolerantKey`), one of another schema is not.
public struct Topology: Sendable, Codable, Hashable {
    public static let schema = "packetwalk.map/1"

    public var schema: String
    /// The machine's own name.
    public var host: String
    /// RFC 3339, UTC, when discovery began.
    public var time: String
    public var namespaces: [Namespace]
    /// What could not be read, one sentence each.
    public var warnings: [String]
    /// Of the kernel, for all namespaces; nil where they were not read.
    public var neighborTables: [NeighborTable]?

    public init(host: String, time: String, namespaces: [Namespace], warnings: [String] = []) {
        self.schema = Self.schema
        self.host = host
        self.time = time
        self.namespaces = namespaces
        self.warnings = warnings
    }

    enum CodingKeys: String, TolerantKey {
        case schema, host, time, namespaces, warnings
        case neighborTables = "neighbor_tables"

        static let defaults: [Self: any Sendable] = [.host: "", .time: ""]
    }

    /// Throws `UnknownSchema` where the map is of another schema or a newer version.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let found = try container.decodeIfPresent(String.self, forKey: .schema)
        guard let found, UnknownSchema.isReadable(found, as: Self.schema) else {
            throw UnknownSchema(found: found, understood: Self.schema)
        }
        self.init(
            host: try container.decode(String.self, forKey: .host),
            time: try container.decode(String.self, forKey: .time),
            namespaces: try container.decode([Namespace].self, forKey: .namespaces),
            warnings: try container.decode([String].self, forKey: .warnings))
        neighborTables = try container.decodeIfPresent([NeighborTable].self, forKey: .neighborTables)
    }

    /// The first of that name. `NetworkGraph` answers the same in constant time.
    public subscript(namespace name: String) -> Namespace? {
        // By index: an iterator would copy each namespace that it passes.
        namespaces.indices.first { namespaces[$0].name == name }.map { namespaces[$0] }
    }
}
