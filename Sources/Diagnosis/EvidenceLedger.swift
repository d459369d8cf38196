public import Observations
public import Walks

/// What a run has told so far that an explanation may rest on; bounded.
public struct EvidenceLedger: Sendable {
    public init() {}

    public mutating func take(_ event: Event) {}

    /// The exchange with its findings.
    public func explained(_ exchange: Exchange) -> Exchange { exchange }
}
