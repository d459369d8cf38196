internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A source that can say which of the candidates on a packet's path was the cause.
///
/// Witnesses are asked in the order of their cases, and the first that says anything decides. What the kernel says about
/// this very packet comes first, from the most to the least exact; then what it says about packets of about that time;
/// the configuration itself comes last, since it says what would happen to the packet, not what did.
enum Witness: CaseIterable, Sendable {
    /// The rule trace names the rule that ended the packet. Nothing is more exact, so the rule is the cause even where
    /// the configuration as it was read says otherwise.
    case ruleTrace
    /// The kernel freed the packet with a reason. A cause must show by that reason and be in that namespace. Where none
    /// does, the reason may say enough by itself; if not, the drop stays unexplained: what the configuration suggests
    /// would contradict the kernel.
    case dropReason
    /// Every drop on the machine at that time has one reason, though nobody says of which packet. That names what the
    /// configuration can't judge, such as a program, where nothing before it on the path stops the packet for certain.
    case nearbyDrops
    /// A counter of a namespace rose while the packet was under way. It supports what is certain there.
    case counter
    /// The sender's socket call failed. EPERM is a rule of its own namespace.
    case sendFailure
    /// The configuration: the first thing on the path that stops the packet for certain, else the first that may.
    case configuration

    /// What a witness says.
    enum Testimony {
        /// Nothing: the next one is asked.
        case silent
        case cause(Candidate)
        /// The packet was stopped there, and why is not known: nobody else is asked.
        case unexplained
    }

    /// The cause, by the first witness that says anything; nil where none does.
    static func cause(of stop: StoppedPacket) -> Candidate? {
        for witness in allCases {
            switch witness.testify(stop) {
            case .silent: continue
            case .cause(let candidate): return candidate
            case .unexplained: return nil
            }
        }
        return nil
    }

    private func testify(_ stop: StoppedPacket) -> Testimony {
        switch self {
        case .ruleTrace: stop.report.rule.map { .cause(stop.traced($0)) } ?? .silent
        case .dropReason: stop.report.reason.map { Self.dropped($0, stop) } ?? .silent
        case .nearbyDrops: Self.nearby(stop)
        case .counter: Self.counted(stop)
        case .sendFailure:
            stop.report.failure.map { Self.failed($0, stop) } ?? .silent
        case .configuration:
            (stop.eligible.first(where: \.isCertain) ?? stop.eligible.first).map(Testimony.cause) ?? .silent
        }
    }

    private static func failed(_ failure: SendFailure, _ stop: StoppedPacket) -> Testimony {
        switch failure.errorNumber {
        case 1: stop.eligible.first { $0.finding.rule != nil }.map(Testimony.cause) ?? .silent
        case 13: BlackholeRoute().refused(failure, stop).map(Testimony.cause) ?? .silent
        case 90: MTUExceeded().refused(stop).map(Testimony.cause) ?? .silent
        case 11, 99: LocalPortsExhausted().candidate(failure, stop).map(Testimony.cause) ?? .silent
        // EINVAL of IPv6, ENOBUFS of IPv4 (ip6_finish_output2, ip_finish_output2).
        case 22, 105: NeighborTableFull.refused(failure, stop).map(Testimony.cause) ?? .silent
        default: .silent
        }
    }

    private static func dropped(_ reason: DropReason, _ stop: StoppedPacket) -> Testimony {
        let fitting = stop.eligible.filter { stop.fits($0, reason) }
        guard var match = fitting.first(where: \.isCertain) ?? fitting.first else {
            return stop.explained(by: reason).map(Testimony.cause) ?? .unexplained
        }
        // The kernel names the reason and one thing there fits it, of all that the packet can have met.
        let isCause = match.traits.isDisjoint(with: [.isSymptom, .isPastUnknown])
        if fitting.count == 1, reason != .notSpecified, isCause { match.isCertain = true }
        return .cause(match)
    }

    /// What stops the packet for certain needs no witness. What can't be judged from the configuration, and comes before
    /// it on the path, is named first where the only drops there were speak for it and against the other.
    private static func nearby(_ stop: StoppedPacket) -> Testimony {
        guard let reason = stop.context.nearbyDrops?.onlyReason,
            let fitting = stop.eligible.firstIndex(where: { $0.reasons.contains(reason) })
        else { return .silent }
        if let certain = stop.eligible.firstIndex(where: \.isCertain) {
            let reasons = stop.eligible[certain].reasons
            guard fitting < certain, !reasons.isEmpty, !reasons.contains(reason) else { return .silent }
        }
        return .cause(stop.eligible[fitting])
    }

    private static func counted(_ stop: StoppedPacket) -> Testimony {
        guard let counter = stop.report.counter,
            var match = stop.eligible.first(where: {
                $0.isCertain && $0.reasons.contains(counter.reason)
                    && $0.finding.where.namespace == counter.namespace
            })
        else { return .silent }
        match.finding.evidence.append(.kernel(counter.text))
        return .cause(match)
    }
}
