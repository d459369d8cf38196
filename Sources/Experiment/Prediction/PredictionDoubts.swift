internal import Network
internal import Observations
internal import Probes
internal import Snapshot
internal import Twin
internal import WalkModel
internal import Wire

/// Which of the twin's assumptions decide how a packet fares: each is tried the other way, where that can be done.
struct PredictionDoubts {
    var predictor: Predictor
    var trial: Trial
    var request: PacketRequest
    var from: String
    var options: TrialOptions
    var found: TrialExplanation

    func assumptions() throws(TrialError) -> [Prediction.Assumption] {
        var result: [Prediction.Assumption] = []
        if let outside { result.append(outside) }
        if let listener { result.append(listener) }
        if let queue { result.append(queue) }
        if let neighbour { result.append(neighbour) }
        if let error { result.append(error) }
        result += try choices()
        result += try otherWays()
        result += untried
        return result
    }

    private var exchange: Exchange? { found.exchanges.first }
    private var passed: Set<String> {
        Set(found.exchanges.flatMap { [$0.request, $0.reply].compactMap(\.self) }.flatMap(\.hops).map(\.namespace))
    }

    /// A reply that came from where nothing can be seen.
    private var outside: Prediction.Assumption? {
        guard let exchange, exchange.request.outcome == .left, exchange.request.hasLeft, exchange.reply != nil,
            let last = exchange.request.hops.last(where: { $0.vantage == .link })
        else { return nil }
        let device = last.device ?? "its uplink"
        return Prediction.Assumption(
            code: Assumption.Code.outsideAnswers.rawValue, namespace: last.namespace,
            text:
                "what lies behind \(device) of \(last.namespace) can't be seen: it answers, and routes its answers back",
            otherwise: "left by \(device), no reply")
    }

    /// A datagram's answer, which a program gives and not the kernel.
    private var listener: Prediction.Assumption? {
        guard let exchange, exchange.request.outcome == .delivered, let reply = exchange.reply, !reply.isICMPError,
            case .udp = exchange.request.kind, let last = exchange.request.hops.last
        else { return nil }
        let port = last.packet.destinationPort.map { " port \($0)" } ?? ""
        let process = predictor.snapshot[namespace: last.namespace]?.sockets.first {
            $0.isOn(.udp, port: last.packet.destinationPort)
        }?.process
        return Prediction.Assumption(
            code: Assumption.Code.listenerAnswers.rawValue, namespace: last.namespace,
            text: "\(process ?? "the program") at \(last.packet.destination)\(port) in \(last.namespace) answers",
            otherwise: "delivered, no reply")
    }

    /// What waits in front of a device, and at the socket that the packet comes to, may be gone by now.
    private var queue: Prediction.Assumption? {
        let walks = found.exchanges.flatMap { [$0.request, $0.reply].compactMap(\.self) }
        for walk in walks {
            let passed = walk.hops.filter { $0.vantage == .link && $0.direction == .out }.map {
                ($0.namespace, $0.device)
            }
            let stop = walk.stoppedAt.map { ($0.namespace, $0.device) }
            for (namespace, device) in passed + [stop].compactMap(\.self) {
                if let waiting = trial.assumptions.first(where: {
                    $0.code == .queueState && $0.namespace == namespace && $0.subject == device && device != nil
                }) {
                    return told(waiting, nil)
                }
            }
            let (last, port) = (walk.hops.last, walk.hops.last?.packet.destinationPort)
            guard [.delivered, .dropped, .rejected].contains(walk.outcome), walk.stoppedAt?.rule == nil, let last,
                let port
            else { continue }
            let subject = Assumption.subject(ofPort: port)
            if let waiting = trial.assumptions.first(where: {
                $0.code == .queueState && $0.namespace == last.namespace && $0.subject == subject
            }) {
                return told(waiting, nil)
            }
        }
        return nil
    }

    /// A neighbour that answered here, and is being asked for on the host.
    private var neighbour: Prediction.Assumption? {
        for hop in found.exchanges.flatMap({ [$0.request, $0.reply].compactMap(\.self) }).flatMap(\.hops) {
            guard let route = hop.route else { continue }
            let next = "\(route.gateway ?? hop.packet.destination)"
            let asked = trial.assumptions.first {
                $0.code == .neighborState && $0.namespace == hop.namespace && $0.subject == next
            }
            if let asked { return told(asked, found.arrived ? "\(next) does not answer" : nil) }
        }
        return nil
    }

    /// An error by a route, of which the kernel sends few.
    private var error: Prediction.Assumption? {
        guard let exchange, exchange.request.outcome == .rejected,
            exchange.request.findings.first?.code == "blackhole-route",
            let namespace = exchange.request.stoppedAt?.namespace, exchange.request.hops.first?.namespace != namespace
        else { return nil }
        let sent = trial.assumptions.first { $0.namespace == namespace && $0.subject == Assumption.errors }
        return sent.map { told($0, "dropped in \(namespace), without an error") }
    }

    /// The same packet in the network as it may be, too: told where it fares in another way there.
    private func otherWays() throws(TrialError) -> [Prediction.Assumption] {
        let part = predictor.part(for: request, from: from)
        var result: [Prediction.Assumption] = []
        let ways: [(Assumption.Code, () -> [Trial])] = [
            (
                .hookOrder,
                {
                    TwinScript.counts(part).prefix(Self.orders).map {
                        Trial(snapshot: part, tablesBeforeLegacy: $0, program: predictor.program)
                    }
                }
            ),
            (.limitState, { [part.otherwise(.limits)].compactMap(\.self).map(rebuilt) }),
            (.user, { [part.otherwise(.users)].compactMap(\.self).map(rebuilt) }),
        ]
        for (code, others) in ways {
            let doubt = trial.assumptions.first {
                $0.code == code && $0.subject == nil && $0.namespace.map(passed.contains) ?? true
            }
            guard let doubt else { continue }
            var fates: [String] = []
            for other in others() {
                guard let otherwise = try fate(in: other), !fates.contains(otherwise) else { continue }
                fates.append(otherwise)
            }
            if !fates.isEmpty { result.append(told(doubt, fates.joined(separator: "; or "))) }
        }
        return result
    }

    private func rebuilt(_ snapshot: HostSnapshot) -> Trial { Trial(snapshot: snapshot, program: predictor.program) }

    /// Of the orders of tables no more are tried; the first is the one in which those of iptables-legacy are asked last.
    private static let orders = 4

    /// How often a packet is sent again, where the kernel chooses at random: a choice of two is seen both ways in 31 of 32
    /// cases.
    private static let repeats = 5

    /// The same packet again, where the kernel chooses at random.
    private func choices() throws(TrialError) -> [Prediction.Assumption] {
        let chance = trial.assumptions.filter { assumption in
            assumption.code == .randomChoice && assumption.namespace.map(passed.contains) ?? true
        }
        guard let first = chance.first else { return [] }
        var others: [String] = []
        for _ in 0..<Self.repeats {
            guard let otherwise = try fate(in: trial), !others.contains(otherwise) else { continue }
            others.append(otherwise)
        }
        return others.isEmpty ? [] : [told(first, others.joined(separator: "; or "))]
    }

    /// How the packet fares there; nil where it fares as it was found to.
    private func fate(in other: Trial) throws(TrialError) -> String? {
        var options = options
        options.looksFurther = false
        options.wantsTopology = false
        let again = try other.explain(request, from: from, changes: predictor.changes, options: options)
        if again.fares(like: found) { return nil }
        if again.fate != found.fate { return again.fate }
        let place = again.exchanges.first?.request.hops.last
        return
            "\(again.fate) by another way: \(place.map { "\($0.packet.destination) in \($0.namespace)" } ?? "unseen")"
    }

    private func told(_ assumption: Assumption, _ otherwise: String?) -> Prediction.Assumption {
        Prediction.Assumption(
            code: assumption.code.rawValue, namespace: assumption.namespace, text: assumption.text,
            otherwise: otherwise)
    }

    /// What can't be built the other way, and stands in the packet's path.
    private var untried: [Prediction.Assumption] {
        let codes: Set<Assumption.Code> = [
            .programPasses, .deviceKind, .unreadNamespace, .notRebuilt, .conntrackFull, .spanningTree,
            .duplicateAddressDetection,
        ]
        let ends = Set(
            found.exchanges.flatMap { [$0.request, $0.reply].compactMap(\.self) }.flatMap(\.hops).map {
                "\($0.packet.destination)"
            })
        return trial.assumptions.filter { assumption in
            guard codes.contains(assumption.code), assumption.namespace.map(passed.contains) ?? true else {
                return false
            }
            // Of a path only where the packet takes it.
            return assumption.code != .notRebuilt || assumption.subject.map(ends.contains) ?? true
        }.map { told($0, nil) }
    }
}
