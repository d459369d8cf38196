public import Network
public import Observations

/// No traffic of its own: others send, until somebody ends the run.
public struct Watching: Activity {
    public init() {}
    public mutating func begin(in topology: Topology) {}
    public mutating func poll() -> (ended: Bool, events: [Event]) { (false, []) }
    public mutating func cancel() {}
}
