internal import Glibc
internal import LinuxSystem

extension PacketSender {
    /// Waits for the answers to several packets that were sent, until all are there or the time is up: one for each, in their
    /// order.
    public static func awaitAnswers(to senders: [PacketSender], timeoutMilliseconds: Int) -> [Answer] {
        let end = monotonicMilliseconds() + Int64(timeoutMilliseconds)
        var answers = [Answer](repeating: .none, count: senders.count)
        var waiting = Array(senders.indices)
        while !waiting.isEmpty {
            let left = end - monotonicMilliseconds()
            if left < 0 { break }
            var polled = waiting.map { index in
                let sender = senders[index]
                return pollfd(fd: sender.descriptor, events: sender.awaitedEvents, revents: 0)
            }
            if poll(&polled, nfds_t(polled.count), Int32(clamping: left)) < 0, errno != EINTR { break }
            var still: [Int] = []
            for (index, state) in zip(waiting, polled) {
                if state.revents != 0, let answer = senders[index].readAnswer(Int32(state.revents)) {
                    answers[index] = answer
                } else {
                    still.append(index)
                }
            }
            waiting = still
        }
        return answers
    }
}
