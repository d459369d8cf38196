public import WalkModel

/// What can answer another of its kind: a walk, or one that is not written out yet.
public protocol Answering {
    associatedtype Name: Hashable & Sendable
    var name: Name { get }
    /// The one that this one replies to.
    var answered: Name? { get set }
    /// The one that replies to this one, where that was given first.
    var answeredBy: Name? { get }
}

extension Walk: Answering {
    public var name: String { id }
    public var answered: String? {
        get { answers }
        set { answers = newValue }
    }
    public var answeredBy: String? { nil }
}

/// Pairs walks, in the order in which the engine gives them, to exchanges.
///
/// A walk waits for its answer until `answerTimeoutNanoseconds` of the run's time have passed, then goes alone. Memory
/// is bounded by `limit` waiting walks: beyond it the one that waits longest goes.
public struct ExchangePairing<Member: Answering & Sendable>: Sendable {
    /// A request, and its reply where one came in time.
    public typealias Pair = (request: Member, reply: Member?)

    private struct Waiting {
        var member: Member
        /// When it was taken, by the watermark.
        var sinceNanoseconds: Int64
        /// The watermark before that one: it ended after it.
        var afterNanoseconds: Int64
    }

    public let answerTimeoutNanoseconds: Int64
    public let limit: Int
    private var waiting: [Member.Name: Waiting] = [:]
    /// In the order of taking; names may be gone from `waiting`.
    private var order: [Member.Name] = []
    private var orderStart = 0
    private var watermark: Int64 = .min
    private var watermarkBefore: Int64 = .min

    public init(answerTimeoutNanoseconds: Int64 = 1_000_000_000, limit: Int = 16_384) {
        self.answerTimeoutNanoseconds = answerTimeoutNanoseconds
        self.limit = max(1, limit)
    }

    /// Says how far the stream has come, before what ended by then is taken: a walk waits from there on, not from
    /// where the stream stood before, which may be long ago where little happens or the reader was late.
    public mutating func reach(nanoseconds time: Int64) {
        guard time > watermark else { return }
        watermarkBefore = watermark
        watermark = time
    }

    /// A watermark by which none of those that wait had ended; nil where none waits.
    public var oldestNanoseconds: Int64? {
        order[orderStart...].lazy.compactMap { waiting[$0] }.first?.afterNanoseconds
    }

    /// Takes a finished walk.
    /// - Returns: the exchanges that are now whole, the oldest first.
    public mutating func take(_ member: Member) -> [Pair] {
        if let request = member.answered, let found = waiting.removeValue(forKey: request) {
            return [(found.member, member)]
        }
        if let reply = member.answeredBy, var found = waiting.removeValue(forKey: reply) {
            found.member.answered = member.name
            return [(member, found.member)]
        }
        // A packet that is the same as one that still waits takes its place.
        var result: [Pair] = []
        if let twin = waiting.removeValue(forKey: member.name) { result.append((twin.member, nil)) }
        waiting[member.name] = Waiting(
            member: member, sinceNanoseconds: watermark, afterNanoseconds: watermarkBefore)
        order.append(member.name)
        while waiting.count > limit, let oldest = popOldest() { result.append(oldest) }
        return result
    }

    /// Lets time pass.
    /// - Returns: the walks that waited too long for an answer.
    public mutating func advance(toNanoseconds time: Int64) -> [Pair] {
        reach(nanoseconds: time)
        var result: [Pair] = []
        while orderStart < order.count {
            guard let first = waiting[order[orderStart]] else {
                // Answered meanwhile: the next one's time is its own.
                dropFirstName()
                continue
            }
            let since = first.sinceNanoseconds == .min ? time : first.sinceNanoseconds
            if first.sinceNanoseconds == .min { waiting[order[orderStart]]?.sinceNanoseconds = time }
            guard since + answerTimeoutNanoseconds <= time else { break }
            if let oldest = popOldest() { result.append(oldest) }
        }
        return result
    }

    /// No more walks: whoever waits goes alone.
    public mutating func finish() -> [Pair] {
        var result: [Pair] = []
        while let oldest = popOldest() { result.append(oldest) }
        return result
    }

    private mutating func popOldest() -> Pair? {
        while orderStart < order.count {
            let found = waiting.removeValue(forKey: order[orderStart])
            dropFirstName()
            if let found { return (found.member, nil) }
        }
        return nil
    }

    private mutating func dropFirstName() {
        orderStart += 1
        if orderStart > 1024, orderStart * 2 > order.count {
            order.removeFirst(orderStart)
            orderStart = 0
        }
    }
}
