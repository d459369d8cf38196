public import Wire

/// What rules of policy routing ask of a packet beside its addresses, its mark and its devices (`ipproto`, `sport`, `dport`).
public struct RoutedFlow: Sendable, Hashable {
    public var ipProtocol: IPProtocol
    /// Nil where it is not known, and of a protocol without ports.
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?

    public init(ipProtocol: IPProtocol, sourcePort: UInt16?, destinationPort: UInt16?) {
        self.ipProtocol = ipProtocol
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}
