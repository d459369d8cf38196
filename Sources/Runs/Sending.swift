public import Observations
public import Probes
public import Network

/// One packet of our own, and the wait for its reply.
public struct Sending: Activity {
    public let sender: PacketSender
    public let waitMilliseconds: Int64
    private let clock: any RunClock
    private var deadline: Int64 = 0
    private var failure: SendFailure?
    public private(set) var answer = PacketSender.Answer.none

    public init(sender: PacketSender, waitMilliseconds: Int64, clock: any RunClock = MonotonicClock()) {
        self.sender = sender
        self.waitMilliseconds = waitMilliseconds
        self.clock = clock
    }

    public mutating func begin(in topology: Topology) {
        failure = sender.send()
        deadline = clock.milliseconds + waitMilliseconds
    }

    public mutating func poll() -> (ended: Bool, events: [Event]) {
        if let failed = failure {
            failure = nil
            deadline = 0
            return (true, [.sendFailure(failed)])
        }
        if deadline == 0 { return (true, []) }
        answer = sender.awaitAnswer(timeoutMilliseconds: 0)
        if answer != .none || clock.milliseconds >= deadline { deadline = 0 }
        return (deadline == 0, [])
    }

    public mutating func cancel() {}
}
