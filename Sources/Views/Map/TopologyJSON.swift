public import Network

/// A topology as one JSON document: schema `packetwalk.map/1`. The same topology gives the same bytes.
public enum TopologyJSON {
    /// Indented, keys sorted, without a newline at its end.
    public static func document(_ topology: Topology) throws -> String {
        try JSONText.pretty(topology)
    }
}
