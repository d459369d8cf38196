/// The number of a run among those that are read together, counted from 0.
///
/// A run is of one host. Its names, the numbers of its vantage points and its clock hold within it alone, so an event is
/// understood only with its run: what two runs say is never put together because a name or a label is the same.
public struct RunID: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
