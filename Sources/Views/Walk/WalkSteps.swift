import Observations
import Network
import WalkModel
import Wire

/// A piece of text with what it is, before it is drawn in any format.
struct Phrase: Hashable {
    var text: String
    var style: TextStyle
    init(_ text: String, _ style: TextStyle = .plain) {
        self.text = text
        self.style = style
    }
}

/// One line of a walk's list: a hop that says something, in words. All formats draw the same steps.
struct WalkStep {
    enum Kind: Hashable {
        case sent
        case received
        case device
        case route
        case translation
        case hook
        case stop
        /// Where the packet should have been seen next.
        case missing
    }

    /// Counted from 1 in the drawing.
    var number: Int
    var kind: Kind
    var namespace: String
    /// `veth0 in`, `postrouting`.
    var place: String
    /// The name on the drawing: `veth0`, `SNAT`.
    var station: String?
    /// The packet travels inside another one here.
    var isTunnelled = false
    var what: [Phrase] = []
    /// Below the step: rules, joins.
    var notes: [Phrase] = []
    /// Since the last step whose time is known.
    var elapsedNanoseconds: Int64?
    var evidence: [String] = []
    var confidence: Confidence = .exact
    /// Copies of the packet that left here, and parts of it: `copy: veth2 out`, `1 segment: veth2 out`.
    var copies: [String] = []
    /// What it is about; nil for a place where nothing was seen.
    var hop: Hop?
}

/// A walk as the list of its steps.
struct WalkSteps {
    var steps: [WalkStep] = []
    /// Netfilter points that the packet passed unchanged and that are not listed.
    var hiddenHooks = 0

    private let walk: Walk
    private let verbose: Bool
    private let topology: Topology?

    /// Names before numbers, a field only where it changes.
    ///
    /// - Parameter topology: adds what a device is (`port of mybridge`); may be nil.
    init(_ walk: Walk, topology: Topology?, verbosity: Verbosity) {
        self.walk = walk
        self.topology = topology
        self.verbose = verbosity >= .verbose
        let path = WalkPath(walk)
        var pending: [FieldChange] = []
        var lastTimed: Int64?
        var isFirst = true
        var lastJoin: [JoinBasis] = []
        // What else of a packet that was cut takes another path than the hop.
        var parted: [[Hop]] = []
        for (position, hop) in path.hops.enumerated() {
            let rest = path.hops[(position + 1)...]
            let branches = path.branches[position] ?? []
            let siblings = parted
            parted = rest.first.map { next in branches.filter { Self.isPart($0, beside: next) } } ?? []
            guard isShown(hop, before: rest) || !branches.isEmpty || !siblings.isEmpty else {
                if hop.vantage == .netfilter { hiddenHooks += 1 }
                pending += hop.changes.filter { $0.field == .ttl }
                continue
            }
            if hop.vantage == .drop, let last = steps.last, last.kind == .stop, last.namespace == hop.namespace {
                // The kernel's word on what the rule's says already.
                let more = hop.evidence.shown.filter { !last.evidence.contains($0) }
                steps[steps.count - 1].evidence += more
                continue
            }
            var step = WalkStep(
                number: steps.count + 1, kind: kind(hop), namespace: hop.namespace, place: hop.place)
            if verbose, let stage = hop.stage, hop.vantage == .netfilter { step.place += " \(stage.rawValue)" }
            if walk.outcome == .unsent, step.kind == .sent { step.place = "send" }
            step.hop = hop
            step.station = station(hop, kind: step.kind)
            step.isTunnelled = hop.packet.encapsulation != nil
            step.what = words(hop, pending: pending, isFirst: isFirst, siblings: siblings)
            step.notes = notes(hop, lastJoin: lastJoin)
            lastJoin = hop.joinedBy
            if Self.isTimed(hop) {
                if let lastTimed { step.elapsedNanoseconds = hop.offsetNanoseconds - lastTimed }
                lastTimed = hop.offsetNanoseconds
            } else if isFirst {
                lastTimed = hop.offsetNanoseconds
            }
            step.evidence = hop.evidence.shown
            step.confidence = hop.confidence
            step.copies = branches.map { branch in
                rest.first.map { Self.isPart(branch, beside: $0) } ?? false
                    ? part(of: hop, branch) : copy(of: hop, branch)
            }
            steps.append(step)
            if hop.vantage == .link { pending = [] }
            isFirst = false
        }
        appendEnd(path)
    }

    /// NFLOG carries the time of the packet's arrival and rule trace none: only captures and drops time a hop.
    private static func isTimed(_ hop: Hop) -> Bool {
        hop.evidence.contains(.seen) || hop.vantage == .drop
    }

    private func isShown(_ hop: Hop, before rest: ArraySlice<Hop>) -> Bool {
        if verbose || isOfHooksAlone { return true }
        switch hop.vantage {
        case .link, .socket, .drop: return true
        case .route:
            // `received` says it as well.
            guard hop.route?.kind == .local, let last = rest.last else { return true }
            return !(last.vantage == .socket && rest.allSatisfy { $0.namespace == hop.namespace })
        case .netfilter:
            if hop.changes.contains(where: { ![.ttl, .macSource, .macDestination].contains($0.field) }) {
                return true
            }
            if hop.rules.contains(where: \.stops) { return true }
            return rest.isEmpty && isStopped && walk.stoppedAt?.hook == hop.hook
        }
    }

    /// Logged at hooks, and seen on no link: then the hooks are all that there is of its path.
    private var isOfHooksAlone: Bool {
        walk.outcome != .unsent && walk.hops.contains { $0.vantage == .netfilter }
            && !walk.hops.contains { $0.vantage == .link }
    }

    private var isStopped: Bool {
        switch walk.outcome {
        case .dropped, .rejected: true
        default: false
        }
    }

    private func kind(_ hop: Hop) -> WalkStep.Kind {
        switch hop.vantage {
        case .socket: return hop.direction == .in ? .received : .sent
        case .link: return .device
        case .route: return hop.route?.errorNumber ?? 0 != 0 ? .stop : .route
        case .drop: return .stop
        case .netfilter:
            if hop.rules.contains(where: \.stops) { return .stop }
            if isStopped, hop.index == walk.hops.last?.index, walk.stoppedAt?.hook == hop.hook { return .stop }
            return hop.changes.translates ? .translation : .hook
        }
    }

    private func station(_ hop: Hop, kind: WalkStep.Kind) -> String? {
        switch kind {
        case .sent: return PacketWords.kind(walk)
        case .received: return "✔"
        case .device: return hop.device
        case .route: return "route"
        case .stop: return "✘"
        case .translation:
            let source = hop.changes.contains { $0.field.isOfSource }
            let destination = hop.changes.contains { $0.field.isOfDestination }
            return source && destination ? "NAT" : source ? "SNAT" : "DNAT"
        case .hook:
            return hop.changes.contains(.mark) ? "mark" : nil
        case .missing: return nil
        }
    }

    // MARK: - Words

    /// Whether a local route of another table than `local` led to a socket: then its address need not be the
    /// namespace's own.
    private func isTakenByOtherTable(_ hop: Hop) -> Bool {
        let decision = walk.hops.last { $0.index < hop.index && $0.namespace == hop.namespace && $0.route != nil }?
            .route
        return decision.flatMap(PacketWords.otherLocalTable) != nil
    }

    private func words(
        _ hop: Hop, pending: [FieldChange], isFirst: Bool, siblings: [[Hop]]
    ) -> [Phrase] {
        var phrases: [Phrase] = []
        if isFirst { phrases.append(Phrase(PacketWords.flow(hop.packet))) }
        // A tunnel that was entered somewhere unseen; later ones are changes.
        if isFirst, let tunnel = hop.packet.encapsulation { phrases.append(Phrase("in \(tunnel)")) }
        if isFirst, walk.outcome == .unsent, hop.packet.source.isUnspecified {
            // No address was chosen for it.
            phrases = [Phrase("to \(hop.packet.destination.text(port: hop.packet.destinationPort))")]
        }
        if let route = hop.route {
            phrases.append(Phrase(PacketWords.route(route, namespace: hop.namespace)))
        } else if hop.vantage == .route {
            phrases.append(Phrase("routed"))
        }
        if hop.vantage == .socket, hop.direction == .in, walk.outcome == .delivered, !isTakenByOtherTable(hop) {
            phrases.append(Phrase("\(hop.packet.destination) is local to \(hop.namespace)"))
        }
        if hop.vantage == .drop || kind(hop) == .stop, hop.route == nil {
            phrases.append(Phrase(walk.outcome == .rejected ? "rejected here" : "dropped here", .bad))
            if let reason = walk.stoppedAt?.reason {
                phrases.append(
                    Phrase(
                        [reason, walk.stoppedAt?.location.map { "at \($0)" }].compactMap(\.self)
                            .joined(separator: " ")))
            }
        }
        phrases += changes(hop.changes, siblings: siblings)
        if !siblings.isEmpty, !hop.changes.contains(.segments) {
            phrases.append(Phrase(cut(from: 1, to: 1, siblings), .translation))
        } else if !hop.changes.contains(.segments), let count = hop.packet.fragments, isFirst || !cameInFragments(hop) {
            phrases.append(Phrase(count == 1 ? "1 fragment of it" : "in \(count) fragments"))
        }
        let seen = Set(hop.changes.map(\.field))
        if hop.vantage == .link { phrases += changes(pending.filter { !seen.contains($0.field) }) }
        if isFirst, let ttl = hop.packet.ttl { phrases.append(Phrase("ttl \(ttl)")) }
        if phrases.isEmpty, let nature = nature(hop) { phrases.append(Phrase(nature, .dim)) }
        return phrases
    }

    private func cameInFragments(_ hop: Hop) -> Bool {
        hop.parent.map { walk.hops[$0].packet.fragments != nil } ?? false
    }

    /// What a device is, where a hop has nothing else to say.
    private func nature(_ hop: Hop) -> String? {
        guard hop.vantage == .link, let name = hop.device, let link = topology?[namespace: hop.namespace]?[device: name]
        else { return nil }
        if let master = link.master {
            return "port of \(master)" + (topology?.ownerName(of: master, in: hop.namespace).map { " (\($0))" } ?? "")
        }
        let isOwned = topology?.ownerName(of: name, in: hop.namespace) != nil
        let owner = isOwned ? link.workload?.words : nil
        switch link.kind {
        case "bridge": return "bridge" + (owner.map { " of \($0)" } ?? "")
        case "vxlan": return link.vxlan.map { "vxlan \($0.identifier)" }
        case "macvlan": return link.lower.map { "macvlan on \($0)" }
        default: return owner
        }
    }

    private func changes(_ changes: [FieldChange], siblings: [[Hop]] = []) -> [Phrase] {
        var phrases = [translation(changes, of: .source), translation(changes, of: .destination)].compactMap(\.self)
        for change in changes {
            let texts = change.texts
            let (from, to) = (texts.from ?? "none", texts.to ?? "none")
            switch change {
            case .source, .destination, .sourcePort, .destinationPort: continue
            case .ttl: phrases.append(Phrase("ttl \(to)"))
            case .macSource: if verbose { phrases.append(Phrase("from \(to)")) }
            case .macDestination: if verbose { phrases.append(Phrase("to \(to)")) }
            case .length:
                // Encapsulation says the same in words.
                guard verbose || !changes.contains(.encapsulation) && !changes.contains(.segments) else { continue }
                phrases.append(Phrase("length \(from) ⇒ \(to)"))
            case .encapsulation(let before, let tunnel):
                phrases.append(Phrase(encapsulation(from: before, to: tunnel), .translation))
            case .segments(let from, let to): phrases.append(Phrase(cut(from: from, to: to, siblings), .translation))
            case .mark, .dscp: phrases.append(Phrase("\(change.field.rawValue) \(from) ⇒ \(to)"))
            }
        }
        return phrases
    }

    private func encapsulation(from before: Encapsulation?, to tunnel: Encapsulation?) -> String {
        guard let tunnel else { return "decapsulated" }
        guard let before, before.whole == tunnel.whole else { return "encapsulated in \(tunnel)" }
        return tunnel.fragments > 1
            ? "outer packet split into \(tunnel.fragments) fragments" : "outer packet put together again"
    }

    /// `source 172.19.0.2:40000 ⇒ 203.0.113.2:40000`, `source port 80 ⇒ 8080`; nil where that side was not translated.
    private func translation(_ changes: [FieldChange], of side: FieldChange.Field) -> Phrase? {
        var addresses: (from: IPAddress, to: IPAddress)?
        var ports: (from: UInt16?, to: UInt16?)?
        for change in changes {
            switch (change, side) {
            case (.source(let from, let to), .source), (.destination(let from, let to), .destination):
                addresses = (from, to)
            case (.sourcePort(let from, let to), .source), (.destinationPort(let from, let to), .destination):
                ports = (from, to)
            default: continue
            }
        }
        func text(_ address: IPAddress?, _ port: UInt16?) -> String {
            guard let address else { return port.map { "port \($0)" } ?? "" }
            return address.text(port: port)
        }
        if addresses == nil, ports == nil { return nil }
        let (from, to) = (text(addresses?.from, ports?.from), text(addresses?.to, ports?.to))
        return Phrase("\(side.rawValue) \(from) ⇒ \(to)", .translation)
    }

    private func notes(_ hop: Hop, lastJoin: [JoinBasis]) -> [Phrase] {
        var notes: [Phrase] = []
        if verbose, let route = hop.route?.matchedRoute { notes.append(Phrase(route, .dim)) }
        let isTranslation = hop.changes.translates
        let acted = hop.rules.filter { rule in
            verbose || rule.stops || isTranslation || hop.changes.contains(.mark)
        }
        // A service's path through kube-proxy is three or four chains; more than six says -v.
        let limit = verbose ? acted.count : 6
        for rule in acted.prefix(limit) {
            notes.append(Phrase(rule.line(withHandle: verbose), rule.stops ? .bad : .name))
        }
        if kind(hop) == .stop, acted.isEmpty, let rule = walk.stoppedAt?.rule {
            notes.append(Phrase(rule.line(withHandle: verbose), .bad))
        }
        if acted.count > limit { notes.append(Phrase("and \(acted.count - limit) rules more", .dim)) }
        // No rule is consulted after a connection's first packet.
        if isTranslation, hop.rules.isEmpty, walk.answers != nil {
            notes.append(Phrase("by the connection's NAT mapping", .dim))
        }
        if verbose && hop.joinedBy != lastJoin || hop.confidence == .weak, !hop.joinedBy.isEmpty {
            notes.append(Phrase("matched by \(hop.joinedBy.map(\.rawValue).joined(separator: ", "))", .dim))
        }
        return notes
    }

    /// A hop of the same place as the next one on the line: of other parts of the packet.
    private static func isPart(_ branch: [Hop], beside next: Hop) -> Bool {
        guard let first = branch.first else { return false }
        return first.namespace == next.namespace && first.device == next.device && first.vantage == next.vantage
            && first.direction == next.direction && first.hook == next.hook && first.stage == next.stage
            && first.edge == next.edge
    }

    /// `cut into 5 segments`, `put together from 5 segments`, `4 of 5 segments`.
    private func cut(from: Int, to: Int, _ siblings: [[Hop]]) -> String {
        let name = walk.kind.ipProtocol == .tcp ? "segment" : "fragment"
        let total = to + siblings.reduce(0) { $0 + Self.parts($1) }
        if total > to { return (from == 1 ? "split into \(total) \(name)s, " : "") + "\(to) of \(total) \(name)s" }
        if from == 1 { return "split into \(to) \(name)s" }
        return to == 1 ? "merged from \(from) \(name)s" : "\(to) \(name)s of \(from)"
    }

    /// How many packets a branch is of: what it says itself, where that is not what went before.
    private static func parts(_ branch: [Hop]) -> Int {
        for case .segments(_, let count) in branch.first?.changes ?? [] { return count }
        return 1
    }

    /// `1 segment: veth2 out, then expected at other veth3 in, not seen`.
    private func part(of hop: Hop, _ branch: [Hop]) -> String {
        let count = Self.parts(branch)
        let name = walk.kind.ipProtocol == .tcp ? "segment" : "fragment"
        var text = "\(count) \(name)\(count == 1 ? "" : "s"): \(places(of: branch, from: hop))"
        if walk.outcome == .lost, let last = walk.lastSeen, branch.contains(where: { $0.index == last.index }) {
            text +=
                walk.expectedNext.map {
                    ", then expected at \($0.namespace) \($0.place), not seen"
                } ?? ", and no further"
        }
        return text
    }

    private func copy(of hop: Hop, _ branch: [Hop]) -> String { "copy: \(places(of: branch, from: hop))" }

    /// `veth2 out, other veth3 in`: where a copy or a part went.
    private func places(of branch: [Hop], from hop: Hop) -> String {
        var namespace = hop.namespace
        var places: [String] = []
        for step in branch where step.vantage != .netfilter || step.rules.contains(where: \.stops) {
            let name = step.namespace == namespace ? "" : "\(step.namespace) "
            namespace = step.namespace
            places.append(name + step.place)
        }
        return places.joined(separator: ", ")
    }

    // MARK: - The end

    /// Where the packet stopped, when no hop says it.
    private mutating func appendEnd(_ path: WalkPath) {
        switch walk.outcome {
        case .delivered, .left: return
        case .dropped, .rejected:
            if steps.last?.kind == .stop { return }
            guard let stop = walk.stoppedAt else { return }
            let place = stop.place
            var step = WalkStep(
                number: steps.count + 1, kind: .stop, namespace: stop.namespace ?? steps.last?.namespace ?? "",
                place: place.isEmpty ? walk.outcome.rawValue : place)
            step.station = "✘"
            step.what = [Phrase(walk.outcome == .rejected ? "rejected here" : "dropped here", .bad)]
            if let reason = stop.reason {
                step.what.append(
                    Phrase(
                        [reason, stop.location.map { "at \($0)" }].compactMap(\.self)
                            .joined(separator: " ")))
            }
            if let rule = stop.rule { step.notes = [Phrase(rule.line(withHandle: true), .bad)] }
            steps.append(step)
        case .lost:
            guard let expected = walk.expectedNext else { return }
            // Of a part that stayed behind its own line says it.
            if let last = walk.lastSeen, !path.hops.contains(where: { $0.index == last.index }) { return }
            var step = WalkStep(
                number: steps.count + 1, kind: .missing, namespace: expected.namespace,
                place: expected.place)
            step.station = "? " + (expected.device ?? expected.place)
            step.what = [Phrase("expected here, not seen", .bad)]
            steps.append(step)
        case .unsent:
            if steps.last?.kind == .stop { return }
            var step = WalkStep(
                number: steps.count + 1, kind: .stop, namespace: walk.stoppedAt?.namespace ?? "", place: "not sent")
            step.station = "✘"
            step.what = [Phrase(walk.stoppedAt?.reason ?? "the packet never left its sender", .bad)]
            steps.append(step)
        }
    }
}

extension [Evidence] {
    /// What a reader is told at each hop. That all of a walk is predicted its heading says.
    fileprivate var shown: [String] { filter { $0 != .predicted }.map(\.rawValue) }
}
