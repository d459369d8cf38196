/// Why a filter over walks can't be understood, in one line.
public struct QueryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Characters before the place, counted from 0.
    public var offset: Int
    public var reason: String

    public var description: String { "at character \(offset + 1): \(reason)" }
}
