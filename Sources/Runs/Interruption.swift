/// Whether somebody asked a run to end, and how long ago.
///
/// A run polls it between two pieces of work. The first request ends the run in order: what is known is explained, and
/// the hooks are removed. `EndingTimes` says how long that may take.
public protocol Interruption: Sendable {
    /// Called once every probe is armed: from here on a request ends the run in order. Before it nothing is to be lost.
    func listen()

    /// Milliseconds since the request; nil where there was none.
    var elapsedMilliseconds: Int64? { get }
}

extension Interruption {
    public var isRequested: Bool { elapsedMilliseconds != nil }

    /// Whether there was a request, and so long ago.
    public func isOlder(thanMilliseconds limit: Int64) -> Bool { elapsedMilliseconds.map { $0 >= limit } ?? false }
}

/// A run that nobody interrupts.
public struct Uninterrupted: Interruption {
    public init() {}
    public func listen() {}
    public var elapsedMilliseconds: Int64? { nil }
}
