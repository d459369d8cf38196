internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes
internal import Synchronization
internal import Twin
internal import Wire

/// What a change lets through, and what it stops, besides the packet that it is for.
struct SideEffects {
    struct Found: Sendable, Hashable {
        /// `web, db to 172.19.0.0/24: anything`.
        var opens: [String] = []
        var closes: [String] = []
        /// How many kinds of packet get through with the change alone, and how many without it alone.
        var openCount = 0
        var closeCount = 0
        /// How many kinds of packet were sent, in each of the two networks.
        var tried = 0
    }

    /// One of several changes that do the same.
    struct Ranked: Sendable {
        /// Among those that were given.
        var index: Int
        /// Nil where the change can't be made.
        var found: Found?
    }

    var trials: any PacketTrials
    var kinds: ProbeKinds
    var options = TrialOptions(waitMilliseconds: 400, watchesArrivals: true, endsWhenQuiet: true)

    /// Sends every kind of packet in two fresh networks, with the change and without. Throws `TrialError`, also where the change
    /// can't be made.
    func found(_ changes: [TrialChange]) throws(TrialError) -> Found {
        let probes = kinds.probes()
        guard !probes.isEmpty else { return Found() }
        let packets = probes.map(\.packet)
        let results = sent(packets, [[], changes])
        return compared(probes, try results[0].get(), try results[1].get())
    }

    /// The one that opens least first, of those the one that closes least. All of them are held against one network without any.
    /// Throws `TrialError` where that can't be tried.
    func ranked(_ alternatives: [[TrialChange]]) throws(TrialError) -> [Ranked] {
        let probes = kinds.probes()
        guard !probes.isEmpty else { return alternatives.indices.map { Ranked(index: $0, found: Found()) } }
        let results = sent(probes.map(\.packet), [[]] + alternatives)
        let before = try results[0].get()
        var all: [Ranked] = []
        for (index, result) in results.dropFirst().enumerated() {
            switch result {
            case .success(let after): all.append(Ranked(index: index, found: compared(probes, before, after)))
            case .failure(let error) where error.kind == .change: all.append(Ranked(index: index, found: nil))
            case .failure(let error): throw error
            }
        }
        func rank(_ one: Ranked) -> (Int, Int, Int, Int) {
            (one.found == nil ? 1 : 0, one.found?.openCount ?? 0, one.found?.closeCount ?? 0, one.index)
        }
        return all.sorted { rank($0) < rank($1) }
    }

    /// So many networks are used at a time: mostly they wait for packets that nobody answers.
    private static let lanes = 4

    /// The same packets with each of the changes, in a fresh network for each.
    private func sent(_ packets: [TrialPacket], _ changes: [[TrialChange]]) -> [Result<TrialAnswers, TrialError>] {
        let results = Mutex<[Int: Result<TrialAnswers, TrialError>]>([:])
        let (trials, options) = (self.trials, self.options)
        let send: @Sendable (Int) -> Void = { index in
            let result = Result { () throws(TrialError) in
                try trials.send(packets, changes: changes[index], options: options)
            }
            results.withLock { $0[index] = result }
        }
        for first in stride(from: 0, to: changes.count, by: Self.lanes) {
            let others = (first + 1)..<min(first + Self.lanes, changes.count)
            let threads = others.map { index in (index: index, thread: try? WorkerThread { send(index) }) }
            send(first)
            for (index, thread) in threads { if let thread { thread.join() } else { send(index) } }
        }
        return changes.indices.map { index in
            results.withLock { $0[index] } ?? .failure(TrialError(.broken, "a trial gave no result"))
        }
    }

    // MARK: - What differs

    /// How one kind of packet fares.
    private struct Fate: Hashable {
        var hasArrived: Bool
        var isAnswered: Bool
        /// Nil where it is not known.
        var places: Set<String>?
    }

    private func compared(_ probes: [ProbeKinds.Probe], _ before: TrialAnswers, _ after: TrialAnswers) -> Found {
        var found = Found(tried: probes.count)
        var opened: [String: [ProbeKinds.Probe]] = [:]
        var closed: [String: [ProbeKinds.Probe]] = [:]
        let unanswering = Set(kinds.outsides.map(\.name).filter(kinds.hidesAnswers))
        for (index, probe) in probes.enumerated() {
            let (one, other) = (
                fate(probe, index, before, unanswering), fate(probe, index, after, unanswering)
            )
            if let (isOpening, note) = difference(one, other) {
                if isOpening {
                    opened[note, default: []].append(probe)
                    found.openCount += 1
                } else {
                    closed[note, default: []].append(probe)
                    found.closeCount += 1
                }
                continue
            }
            // The same, but only until the connection is open.
            let isTCP = probe.packet.request.ipProtocol == .tcp
            guard let one = data(index, isTCP, before), let other = data(index, isTCP, after), one != other else {
                continue
            }
            var established = probe
            established.kind = "established \(probe.kind)"
            if other {
                opened["", default: []].append(established)
            } else {
                closed["", default: []].append(established)
            }
            if other { found.openCount += 1 } else { found.closeCount += 1 }
        }
        let networks = kinds.topology.namespaces.flatMap(\.links).flatMap(\.addresses).map(\.network)
        let foreign = Set(probes.map(\.destination)).filter(kinds.isOutside)
        func lines(_ groups: [String: [ProbeKinds.Probe]]) -> [String] {
            groups.sorted { $0.key < $1.key }.flatMap { note, group in
                Self.folded(group, of: probes, networks: networks, outside: foreign).map {
                    note.isEmpty ? $0 : "\($0) (\(note))"
                }
            }
        }
        found.opens = lines(opened)
        found.closes = lines(closed)
        return found
    }

    private func fate(
        _ probe: ProbeKinds.Probe, _ index: Int, _ sent: TrialAnswers, _ unanswering: Set<String>
    ) -> Fate {
        let answer = sent.answers[index]
        let isHeard = Self.hasArrived(probe, answer)
        guard let arrival = sent.arrivals?[index] else {
            return Fate(hasArrived: isHeard, isAnswered: isHeard, places: nil)
        }
        // Data of a connection that is open has nothing before it.
        let places = Set(probe.packet.isOfConnection ? arrival.places + arrival.dataPlaces : arrival.places)
        // A refusal of a packet that arrived nowhere is by a rule.
        // What comes back to the port of an open connection may be a packet that was sent for its other direction.
        let hasArrived = !places.isEmpty || answer.isAnswered && !probe.packet.isOfConnection
        // What is sent for a connection that nobody has is not waited for.
        let isOpen = probe.packet.isOfConnection || !places.isEmpty && places.allSatisfy(unanswering.contains)
        let isAnswered = isOpen ? hasArrived : hasArrived && isHeard
        return Fate(hasArrived: hasArrived, isAnswered: isAnswered, places: places.isEmpty ? nil : places)
    }

    /// Whether data came through a connection that was accepted; nil where there was none, or nobody watched.
    private func data(_ index: Int, _ isTCP: Bool, _ sent: TrialAnswers) -> Bool? {
        guard let arrival = sent.arrivals?[index], sent.answers[index].isAnswered, isTCP else { return nil }
        return !arrival.dataPlaces.isEmpty
    }

    /// Whether more gets through, and what is to be said of it; nil where nothing differs.
    private func difference(_ before: Fate, _ after: Fate) -> (isOpening: Bool, note: String)? {
        switch (before.hasArrived, after.hasArrived) {
        case (false, false): return nil
        case (false, true): return (true, after.isAnswered ? "" : "arrives, and is not answered")
        case (true, false): return (false, "")
        case (true, true): break
        }
        if let old = before.places, let new = after.places, old != new {
            return (true, "arrives at \(names(new)) instead of \(names(old))")
        }
        if before.isAnswered == after.isAnswered { return nil }
        return after.isAnswered
            ? (true, "arrived before too, and is answered now") : (false, "still arrives, and is not answered")
    }

    private func names(_ places: Set<String>) -> String {
        Set(places.map { kinds.name(ofPlace: $0) }).sorted().joined(separator: " and ")
    }

    /// As few lines as tell the same: all ports of one pair of ends, all addresses of a network, all senders.
    ///
    /// - Parameter outside: addresses that nobody holds, where what is beyond the links answers for them.
    static func folded(
        _ probes: [ProbeKinds.Probe], of all: [ProbeKinds.Probe], networks: [IPPrefix], outside: Set<IPAddress> = []
    ) -> [String] {
        struct Pair: Hashable {
            var source: String
            var destination: IPAddress
        }
        func kinds(_ probes: [ProbeKinds.Probe]) -> [Pair: [String]] {
            Dictionary(grouping: probes) { Pair(source: $0.source, destination: $0.destination) }.mapValues {
                $0.map(\.kind)
            }
        }
        let tried = kinds(all)
        var bySource: [String: [String: [IPAddress]]] = [:]
        var sourceOrder: [String] = []
        for (pair, own) in kinds(probes) {
            let isAll = own.count > 2 && Set(own) == Set(tried[pair] ?? [])
            let words = isAll ? "anything" : listed(own)
            bySource[pair.source, default: [:]][words, default: []].append(pair.destination)
            if !sourceOrder.contains(pair.source) { sourceOrder.append(pair.source) }
        }
        var byRest: [String: [String]] = [:]
        for source in sourceOrder.sorted() {
            let reached = all.filter { $0.source == source }.map(\.destination)
            for (words, addresses) in bySource[source] ?? [:] {
                let names = names(of: addresses, among: Set(reached), networks, outside)
                byRest["\(names.joined(separator: ", ")): \(words)", default: []].append(source)
            }
        }
        return byRest.map { "\($0.value.joined(separator: ", ")) to \($0.key)" }.sorted()
    }

    /// `icmp; tcp 80, 443; udp 53`.
    private static func listed(_ kinds: [String]) -> String {
        var ports: [String: Set<Int>] = [:]
        var words: [String] = []
        for kind in kinds {
            let parts = kind.split(separator: " ")
            if let port = parts.last.flatMap({ Int($0) }) {
                ports[parts.dropLast().joined(separator: " "), default: []].insert(port)
            } else if !words.contains(kind) {
                words.append(kind)
            }
        }
        words += ports.sorted { $0.key < $1.key }.map { name, numbers in
            "\(name) \(numbers.sorted().map(String.init).joined(separator: ", "))"
        }
        return words.joined(separator: "; ")
    }

    /// Networks of which every tried address is among them, the outside likewise, then the single addresses.
    private static func names(
        of addresses: [IPAddress], among tried: Set<IPAddress>, _ networks: [IPPrefix], _ outside: Set<IPAddress>
    ) -> [String] {
        var rest = Set(addresses)
        var names: [String] = []
        for network in Set(networks).sorted(by: { $0.description < $1.description }) {
            let inside = tried.filter { network.contains($0) }
            guard inside.count > 1, inside.isSubset(of: rest) else { continue }
            names.append(network.description)
            rest.subtract(inside)
        }
        let beyond = tried.intersection(outside)
        if beyond.count > 1, beyond.isSubset(of: addresses) {
            names.append("the outside")
            rest.subtract(beyond)
        }
        return names + rest.sorted().map(\.description)
    }

    /// A refusal by the receiver's stack shows that the packet arrived there: a reset of TCP, an unreachable port of UDP. What a
    /// rule refuses with the very same message can't be told from it.
    static func hasArrived(_ probe: ProbeKinds.Probe, _ answer: TrialAnswer) -> Bool {
        switch answer {
        case .answered: true
        case .refused(let number, let byICMP):
            number == ECONNREFUSED && byICMP == (probe.packet.request.ipProtocol == .udp)
        case .unsent, .silent: false
        }
    }
}
