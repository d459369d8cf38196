/// A document that is no snapshot, or a damaged one.
public struct UnreadableSnapshot: Error, Hashable, CustomStringConvertible {
    /// One line: what is wrong, and where.
    public var description: String

    init(_ description: String) { self.description = description }
}
