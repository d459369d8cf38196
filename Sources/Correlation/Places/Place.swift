/// A vantage point, resolved against the topology.
struct Place {
    /// Its own number.
    var number: Int32
    var namespace: Int32
    /// -1 where the vantage point is no link.
    var device: Int32
    var phase: FlowPhase
    /// Rises along the packet flow within one namespace: `phase` × 100 + stage.
    var rank: Int32
    var isLink: Bool
    var isIn: Bool
    /// A link whose capture does not tell coming in from going out.
    var isUndirected = false
}
