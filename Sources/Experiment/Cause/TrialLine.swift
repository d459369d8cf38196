internal import LinuxSystem
internal import Synchronization

/// A set of changes, and whether every one of them must have been made for it to count.
struct TrialQuestion: Sendable, Hashable {
    var set: [Candidate]
    var isStrict: Bool

    init(_ set: [Candidate], strictly: Bool) {
        self.set = set
        isStrict = strictly
    }
}

/// Sets of changes that wait to be tried, taken one after the other by several threads, and how each fared.
final class TrialLine: Sendable {
    private struct State {
        var next = 0
        var outcomes: [Int: Result<Bool, TrialError>] = [:]
    }

    private let state = Mutex(State())
    private let questions: [TrialQuestion]
    private let first: Int
    private let deadline: Int64
    private let isCancelled: @Sendable () -> Bool
    private let progress: @Sendable (Int, [Candidate]) -> Void

    /// - Parameters:
    ///   - first: how many trials were made before.
    ///   - end: CLOCK_MONOTONIC in nanoseconds, after which none begins.
    ///   - isCancelled: whether no other one is to begin.
    ///   - progress: told before each.
    init(
        _ questions: [TrialQuestion], first: Int, end: Int64, isCancelled: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (Int, [Candidate]) -> Void
    ) {
        self.isCancelled = isCancelled
        self.questions = questions
        self.first = first
        deadline = end
        self.progress = progress
    }

    /// Nil where none is left, or no time.
    func next() -> (index: Int, question: TrialQuestion)? {
        let index = state.withLock { state -> Int? in
            guard state.next < questions.count, monotonicNanoseconds() < deadline, !isCancelled()
            else { return nil }
            state.next += 1
            return state.next - 1
        }
        guard let index else { return nil }
        progress(first + index + 1, questions[index].set)
        return (index, questions[index])
    }

    func note(_ index: Int, _ outcome: Result<Bool, TrialError>) { state.withLock { $0.outcomes[index] = outcome } }

    /// Of those that were tried, the first ones of the line.
    var outcomes: [Result<Bool, TrialError>] {
        state.withLock { state in
            (0..<state.next).map { state.outcomes[$0] ?? .failure(TrialError(.broken, "the trial was not made")) }
        }
    }
}
