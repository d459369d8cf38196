public import Network
public import Observations

/// What makes the traffic that a live run watches.
public protocol Activity {
    /// Called once every probe is armed.
    mutating func begin(in topology: Topology) throws

    /// Called between batches: whether it has ended. What it learned for the engine comes back as events.
    mutating func poll() throws -> (ended: Bool, events: [Event])

    /// The run ends before the activity has.
    mutating func cancel()
}
