/// The network of one host as it stood at one time: its namespaces and all that decides where packets go.
///
/// A value: discovery makes it (`Topology.discover`), recordings carry it as JSON, and every later room asks it.
/// Its JSON form is schema `packetwalk.map/1`.
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

    public init(host: String, time: String, namespaces: [Namespace], warnings: [String] = []) {
        self.schema = Self.schema
        self.host = host
        self.time = time
        self.namespaces = namespaces
        self.warnings = warnings
    }

    public subscript(namespace name: String) -> Namespace? {
        namespaces.first { $0.name == name }
    }
}
