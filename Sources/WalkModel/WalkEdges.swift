/// The edges of the run or recording that a packet was so close to that more of its path may lie past them.
public struct WalkEdges: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It was seen first where others have been seen before.
    public static let beginning = WalkEdges(rawValue: 1)
    /// It was seen last just before the end.
    public static let end = WalkEdges(rawValue: 2)
}
