public import Observations
public import Probes

/// Where a live run's events come from.
public protocol EventSource {
    /// The next events in order, the last of them a `.watermark`: empty where the time passed without events, nil when
    /// the stream has ended after `stop`.
    func next(timeoutMilliseconds: Int) -> EventBatch?

    /// Ends the stream in order: `next` still gives what has been seen so far.
    func stop()

    /// Ends the stream at once. Gives how many events were read and not taken.
    func abandon() -> Int

    /// What can't be watched, a sentence each; it only grows.
    var warnings: [String] { get }
}

extension LiveSource: EventSource {}
