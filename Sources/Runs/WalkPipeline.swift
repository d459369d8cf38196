internal import Correlation
internal import Diagnosis
public import Observations
internal import Network
internal import WalkModel
internal import Wire

/// From events to exchanges with their findings: the part that live runs and recordings share.
///
/// A pure function of the events' order. An exchange that did not go well waits for the next snapshot of the network,
/// so that its causes are looked for in the state that it met; `wantsSnapshot` says when one waits. A live run answers at
/// once. In a capture of another program none waits, and in a stream that never has another snapshot no more than
/// `unexplainedLimit` wait: memory does not grow.
public struct WalkPipeline: ~Copyable {
    private static let unexplainedLimit = 1024

    private var engine = WalkEngine()
    /// Walks wait as records: written out they would take a hundred megabytes in a busy second.
    private var pairing = ExchangePairing<UnwrittenWalk>()
    private var ledger = EvidenceLedger()
    private var names = NameTable()
    /// How far the stream has come, in nanoseconds since 1970; `.min` before the first watermark.
    public private(set) var watermark = Int64.min
    /// How far the stream has come for who takes its exchanges, in nanoseconds since 1970: the watermark, but where the
    /// stream made a leap the one before, until what ended in between has been paired and given.
    public private(set) var exchangeTime = Int64.min
    /// Exchanges that ended badly and have not been explained.
    private var unexplained: [Exchange] = []
    private var finished: [ExchangeGroup] = []
    private var topology: Topology?
    /// Walks of the newest watermark that have not been paired yet.
    private var ended: EndedWalks?
    private static let stepLength = 256
    private var isOutOfTime = false
    /// Asked before each walk is made and before each is explained, so that an interrupted run ends in time.
    public var hasTime: (Work) -> Bool = { _ in true }
    /// Whether walks were left out for want of time, or packets unread.
    public private(set) var isCutShort = false

    /// Whether findings are looked for: not where nobody reads them.
    private let explains: Bool
    /// Whether a stream without any snapshot will have one: captures of other programs never do.
    private let awaitsSnapshot: Bool

    private struct EndedWalks {
        var walks: ArraySlice<UnwrittenWalk>
        /// Exchanges that are over once all of the walks are paired; nil before.
        var pairs: ArraySlice<ExchangePairing<UnwrittenWalk>.Pair>?
        /// Nil at the end of the stream.
        var watermark: Int64?
    }

    public enum Work: Sendable {
        case walks
        case causes
    }

    public init(explains: Bool = true, awaitsSnapshot: Bool = true) {
        self.explains = explains
        self.awaitsSnapshot = awaitsSnapshot
    }

    /// Whether an exchange waits for a `.topology` event.
    public var wantsSnapshot: Bool { !unexplained.isEmpty }

    /// Takes an event and does all work that it brings.
    public mutating func take(_ event: Event) {
        begin(event)
        while isBehind { advance() }
    }

    /// Takes an event. A watermark can end many walks: they are made by `advance`, a part at a time, while `isBehind`.
    public mutating func begin(_ event: Event) {
        while isBehind { advance() }
        if case .name(let name) = event { return names.take(name) }
        ledger.take(event)
        engine.take(event)
        if case .topology(let snapshot, _) = event {
            topology = snapshot
            finished.append(ExchangeGroup(topology: snapshot))
            explain()
        }
        if case .watermark(let time) = event {
            pairing.reach(nanoseconds: time)
            watermark = max(watermark, time)
            ended = EndedWalks(walks: engine.finishedBatch().unwritten[...], watermark: time)
        }
    }

    /// Whether walks have ended that `advance` has not looked at yet.
    public var isBehind: Bool { ended != nil }

    /// Pairs up to 256 of the walks that ended with what they answer, or writes out as many exchanges.
    public mutating func advance() {
        guard var work = ended else { return }
        if let pairs = work.pairs {
            // Where the reply may be among what was left out, nothing is said of a packet that arrived.
            sort(pairs.prefix(Self.stepLength), onlyFailures: work.watermark == nil && isCutShort)
            work.pairs = pairs.dropFirst(Self.stepLength)
        } else {
            for walk in work.walks.prefix(Self.stepLength) where hasTimeForWalks() { take(walk) }
            work.walks = isOutOfTime ? [] : work.walks.dropFirst(Self.stepLength)
            if work.walks.isEmpty {
                work.pairs = (work.watermark.map { pairing.advance(toNanoseconds: $0) } ?? pairing.finish())[...]
            }
        }
        ended = work.pairs?.isEmpty == true ? nil : work
        if ended == nil { noteExchangeTime() }
    }

    /// What waits for a reply has done so, at most, since the stream came to where it is.
    private mutating func noteExchangeTime() {
        guard let oldest = pairing.oldestNanoseconds else { return exchangeTime = watermark }
        let (time, overflows) = oldest.addingReportingOverflow(pairing.answerTimeoutNanoseconds)
        exchangeTime = max(exchangeTime, min(watermark, overflows ? .max : time))
    }

    /// Whether `finishedExchanges` gives something.
    public var hasFinished: Bool { !finished.isEmpty }

    /// Takes a packet: `take(.packet(…))` without the wrapping.
    public mutating func take(_ observation: borrowing Observation) {
        while isBehind { advance() }
        engine.take(observation)
    }

    /// The exchanges that are over, with their findings.
    public mutating func finishedExchanges() -> [ExchangeGroup] {
        defer { finished.removeAll() }
        return finished
    }

    /// The stream has ended: what is open ends now. `wantsSnapshot` may become true.
    public mutating func endOfStream() {
        beginEndOfStream()
        while isBehind { advance() }
    }

    /// The stream has ended: what is open ends now, made by `advance`, a part at a time, while `isBehind`.
    public mutating func beginEndOfStream() {
        while isBehind { advance() }
        let hasTime = hasTime
        ended = EndedWalks(walks: engine.finishBatch { hasTime(.walks) }.unwritten[...], watermark: nil)
    }

    /// The rest of the stream is not read. `loss` says so.
    public mutating func cutShort(_ loss: Loss) {
        take(.loss(loss))
        isCutShort = true
    }

    /// What conntrack told of connections of a walk's addresses.
    func flows(concerning walk: Walk) -> [FlowEvent] { ledger.flows(concerning: walk) }

    /// Everything that is left, explained from the newest snapshot there was.
    public mutating func finish() -> [ExchangeGroup] {
        explain()
        return finishedExchanges()
    }

    /// Whether there is time for one walk more; once there is not, there is none any more.
    private mutating func hasTimeForWalks() -> Bool {
        if !isOutOfTime, !hasTime(.walks) {
            isOutOfTime = true
            isCutShort = true
        }
        return !isOutOfTime
    }

    private mutating func take(_ walk: UnwrittenWalk) {
        // An error about a reply is no part of the exchange that the reply belongs to, and says what became of it.
        if walk.isError, let refused = walk.answered { ledger.noteRefusal(of: refused.description) }
        sort(pairing.take(walk))
    }

    private mutating func sort(
        _ pairs: some Sequence<ExchangePairing<UnwrittenWalk>.Pair>, onlyFailures: Bool = false
    ) {
        for pair in pairs where hasTimeForWalks() {
            var exchange = Exchange(
                request: names.completed(pair.request.written()),
                reply: pair.reply.map { names.completed($0.written()) })
            exchange.confirmArrival()
            if onlyFailures, exchange.arrived { continue }
            if exchange.needsExplanation || ledger.isForgotten(exchange) || ledger.isUnread(exchange) {
                unexplained.append(exchange)
            } else {
                finish((explains ? ledger.held(exchange) : nil) ?? exchange)
            }
        }
        if !awaitsSnapshot && topology == nil || unexplained.count >= Self.unexplainedLimit { explain() }
    }

    private mutating func explain() {
        for exchange in unexplained { finish(explains && hasTime(.causes) ? ledger.explained(exchange) : exchange) }
        unexplained = []
    }

    private mutating func finish(_ exchange: Exchange) {
        if finished.isEmpty { finished.append(ExchangeGroup(topology: topology)) }
        finished[finished.count - 1].exchanges.append(exchange)
    }
}

extension Exchange {
    /// Whether its findings are worth looking for: it did not arrive, was refused, was answered by somebody else, or is
    /// a datagram without an answer, which a full buffer may have swallowed, or which left with a source that nobody can reply to.
    fileprivate var needsExplanation: Bool {
        guard arrived else { return true }
        guard let reply else {
            // To all on a link: one of them may be meant.
            if request.kind.isEchoRequest, request.isForMany { return request.sampledOneOf == nil }
            // The reply to a sampled datagram need not be in the sample.
            return request.sampledOneOf == nil && request.kind.ipProtocol == .udp
                && (request.cameToReceiver || request.hasLeft) && request.answers == nil
        }
        if reply.kind.tcpFlags?.contains(.rst) == true, request.kind.opensConnection { return true }
        guard request.kind.ipProtocol == .tcp || request.kind.ipProtocol == .udp, let end = reply.hops.last?.packet
        else {
            return false
        }
        return end.source != request.destination
            || !reply.isICMPError && end.sourcePort != nil && end.sourcePort != request.destinationPort
    }
}
