internal import Diagnosis
internal import Observations
internal import Topology
internal import Walks

/// From events to exchanges with their findings: the part that live runs and recordings share.
///
/// A pure function of the events' order. An exchange that did not go well waits for the next snapshot of the network,
/// so that its causes are looked for in the state that it met; `wantsSnapshot` says when one waits.
struct WalkPipeline {
    private var engine = WalkEngine()
    private var pairing = ExchangePairing()
    private var ledger = EvidenceLedger()
    /// Exchanges that ended badly and have not been explained.
    private var unexplained: [Exchange] = []
    private var finished: [ExchangeGroup] = []
    private var topology: Topology?

    /// Whether an exchange waits for a `.topology` event.
    var wantsSnapshot: Bool { !unexplained.isEmpty }

    mutating func take(_ event: Event) {
        ledger.take(event)
        engine.take(event)
        if case .topology(let snapshot, _) = event {
            topology = snapshot
            finished.append(ExchangeGroup(topology: snapshot))
            explain()
        }
        if case .watermark(let time) = event {
            pair(engine.finishedWalks(), until: time)
        }
    }

    /// The exchanges that are over, with their findings.
    mutating func finishedExchanges() -> [ExchangeGroup] {
        defer { finished.removeAll() }
        return finished
    }

    /// The stream has ended: what is open ends now. `wantsSnapshot` may become true.
    mutating func endOfStream() {
        for walk in engine.finish() { sort(pairing.take(walk)) }
        sort(pairing.finish())
    }

    /// Everything that is left, explained from the newest snapshot there was.
    mutating func finish() -> [ExchangeGroup] {
        explain()
        return finishedExchanges()
    }

    private mutating func pair(_ walks: [Walk], until time: Int64) {
        for walk in walks { sort(pairing.take(walk)) }
        sort(pairing.advance(toNanoseconds: time))
    }

    private mutating func sort(_ exchanges: [Exchange]) {
        for exchange in exchanges {
            if exchange.needsExplanation { unexplained.append(exchange) } else { finish(exchange) }
        }
    }

    private mutating func explain() {
        for exchange in unexplained { finish(ledger.explained(exchange)) }
        unexplained = []
    }

    private mutating func finish(_ exchange: Exchange) {
        if finished.isEmpty { finished.append(ExchangeGroup(topology: topology)) }
        finished[finished.count - 1].exchanges.append(exchange)
    }
}

extension Exchange {
    /// Whether its findings are worth looking for: it did not arrive, was refused, was answered by somebody else, or is
    /// a datagram without an answer, which a full buffer may have swallowed.
    fileprivate var needsExplanation: Bool {
        guard arrived else { return true }
        guard let reply else {
            return request.protocol == "udp" && request.outcome == .delivered && request.answers == nil
        }
        if reply.summary.contains("RST") && request.summary.hasPrefix("TCP SYN ") { return true }
        return ["tcp", "udp"].contains(request.protocol) && reply.hops.last?.packet.source != request.destination
    }
}
