internal import Observations
internal import Probes
internal import Network

/// One packet of our own, and the wait for its answer.
struct Sending: Activity {
    let sender: PacketSender
    let waitMilliseconds: Int64
    private var deadline: Int64 = 0
    private var failure: SendFailure?
    private(set) var answer = PacketSender.Answer.none

    init(sender: PacketSender, waitMilliseconds: Int64) {
        self.sender = sender
        self.waitMilliseconds = waitMilliseconds
    }

    mutating func begin(in topology: Topology) {
        failure = sender.send()
        deadline = monotonicMilliseconds() + waitMilliseconds
    }

    mutating func poll() -> (ended: Bool, events: [Event]) {
        if let failed = failure {
            failure = nil
            deadline = 0
            return (true, [.sendFailure(failed)])
        }
        if deadline == 0 { return (true, []) }
        answer = sender.awaitAnswer(timeoutMilliseconds: 0)
        if answer != .none || monotonicMilliseconds() >= deadline { deadline = 0 }
        return (deadline == 0, [])
    }

    mutating func cancel() {}
}
