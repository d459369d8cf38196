import Wire
import Observations
import Network
import Twin
import WalkModel

/// A walk against the hops that a person wrote down, by the rules in `fixtures/labs/README.md`.
struct WalkComparison {
    var walk: Walk
    /// Namespaces where netfilter hooks were watched.
    var hooked: Set<String>

    /// What differs, nothing where all is as expected.
    func differences(from expected: ExpectedWalk) -> [String] {
        let seen = Self.collapsed(walk)
        let wanted = expected.hops.filter { hop in
            switch hop.place {
            case .sent, .delivered, .route: false
            // libpcap shows a packet on lo once, coming in.
            case .link(let device, let direction): device != "lo" || direction != "out"
            case .hook: hooked.contains(hop.namespace) && !hop.isEncapsulated
            }
        }
        let seenPlaces = seen.map(\.place)
        let wantedPlaces = wanted.map(Self.placeText)
        var problems: [String] = []
        let isSame = seenPlaces.count == wantedPlaces.count && zip(seenPlaces, wantedPlaces).allSatisfy(Self.matches)
        if !isSame {
            problems.append(
                "hops are [\(seenPlaces.joined(separator: ", "))], not [\(wantedPlaces.joined(separator: ", "))]")
        } else {
            for (hop, want) in zip(seen, wanted) { problems += Self.changes(of: hop, against: want) }
        }
        if case .delivered? = expected.hops.last?.place, walk.outcome != .delivered {
            problems.append("outcome is \(walk.outcome.rawValue), not delivered")
        }
        return problems
    }

    /// One line for all sightings at one hop, and what was translated there.
    struct SeenHop {
        var place: String
        var changes: [FieldChange]
    }

    static func collapsed(_ walk: Walk) -> [SeenHop] {
        var seen: [SeenHop] = []
        for hop in walk.hops {
            let isEncapsulated = hop.packet.encapsulation != nil
            let place: String
            switch hop.vantage {
            case .link:
                if hop.device == "lo", hop.direction == .out { continue }
                let direction = hop.direction?.rawValue ?? "?"
                place = "\(hop.namespace) \(hop.device ?? "?") \(direction)\(isEncapsulated ? " encapsulated" : "")"
            case .netfilter:
                if isEncapsulated { continue }
                place = "\(hop.namespace) \(hop.hook?.rawValue ?? "?")"
                if let last = seen.last, last.place == place {
                    seen[seen.count - 1].changes += hop.changes
                    continue
                }
            case .route, .socket, .drop: continue
            }
            seen.append(SeenHop(place: place, changes: hop.changes))
        }
        return seen
    }

    private static func placeText(_ hop: ExpectedWalk.Hop) -> String {
        var bare = hop
        bare.translations = []
        bare.parting = nil
        return bare.description
    }

    /// Where a name was not known beforehand, `*` stands for a device's name from there on: `veth*`.
    private static func matches(_ seen: String, _ wanted: String) -> Bool {
        guard wanted.contains("*") else { return seen == wanted }
        let parts = zip(seen.split(separator: " "), wanted.split(separator: " "))
        return seen.split(separator: " ").count == wanted.split(separator: " ").count
            && parts.allSatisfy { $1.hasSuffix("*") ? $0.hasPrefix($1.dropLast()) : $0 == $1 }
    }

    private static func changes(of hop: SeenHop, against expected: ExpectedWalk.Hop) -> [String] {
        var problems: [String] = []
        var segments: [(from: Int, to: Int)] = []
        for case .segments(let from, let to) in hop.changes { segments.append((from, to)) }
        let parting: ExpectedWalk.Parting? = segments.first.map { $0.from < $0.to ? .cut : .joined }
        if parting != expected.parting {
            problems.append(
                "\(hop.place): should be \(expected.parting?.rawValue ?? "as it was"), is "
                    + "\(parting?.rawValue ?? "as it was") (\(segments))")
        }
        for field in ["source", "destination"] {
            func texts(_ name: String) -> (from: String?, to: String?)? {
                hop.changes.first { $0.field.rawValue == name }?.texts
            }
            let address = texts(field)
            let port = texts("\(field)_port")
            guard let wanted = expected.translations.first(where: { $0.field == field }) else {
                for (name, texts) in [(field, address), ("\(field)_port", port)] {
                    guard let texts else { continue }
                    problems.append("\(hop.place): \(name) changes from \(texts.from ?? "?") to \(texts.to ?? "?")")
                }
                continue
            }
            let addressChanges = wanted.from.address != wanted.to.address
            if addressChanges, address?.from != wanted.from.address || address?.to != wanted.to.address {
                problems.append(
                    "\(hop.place): \(field) should change from \(wanted.from) to \(wanted.to), "
                        + "changes from \(address?.from ?? "nothing") to \(address?.to ?? "nothing")")
            }
            if let from = wanted.from.port, let to = wanted.to.port, from != to,
                port?.from != "\(from)" || port?.to != "\(to)"
            {
                problems.append(
                    "\(hop.place): \(field) port should change from \(from) to \(to), "
                        + "changes from \(port?.from ?? "nothing") to \(port?.to ?? "nothing")")
            }
        }
        return problems
    }
}

extension ExpectedWalk {
    /// Whether `walk` is a packet of this flow.
    func describes(_ walk: Walk) -> Bool {
        guard walk.protocol == self.protocol, walk.source.description == source.address,
            walk.destination.description == destination.address
        else { return false }
        if let port = source.port, walk.sourcePort != port { return false }
        if let port = destination.port, walk.destinationPort != port { return false }
        // Errors and neighbour discovery run between the same addresses.
        return walk.kind.ipProtocol?.isICMP != true || walk.kind.isEcho
    }

    var flow: String { "\(self.protocol) \(source) > \(destination)" }
}

/// All walks of a run against all parts of a lab's `expected-hops.txt`.
func compare(_ walks: [Walk], with expected: [ExpectedWalk]) -> [String] {
    let hooked = Set(walks.flatMap(\.hops).filter { $0.vantage == .netfilter }.map(\.namespace))
    var problems: [String] = []
    var counted: Set<String> = []
    for part in expected where counted.insert(part.flow).inserted {
        let alternatives = expected.filter { $0.flow == part.flow }
        let found = walks.filter(part.describes)
        let counts = alternatives.compactMap(\.count)
        if counts.count == alternatives.count, counts.reduce(0, +) != found.count {
            problems.append("\(part.flow): \(found.count) walks, not \(counts.reduce(0, +))")
        }
        if found.isEmpty, mustHappen(part, walks, expected, hooked) { problems.append("\(part.flow): no walk") }
        for way in alternatives where way.hops.contains(where: { $0.parting != nil }) {
            // The rest of the flow may be too small for it.
            let isTaken = found.contains {
                WalkComparison(walk: $0, hooked: hooked).differences(from: way).isEmpty
            }
            if !isTaken { problems.append("\(part.flow): no packet was cut or joined as written") }
        }
        for walk in found {
            let comparison = WalkComparison(walk: walk, hooked: hooked)
            let differences = alternatives.map { comparison.differences(from: $0) }
            if !differences.contains([]) {
                let fewest = differences.min { $0.count < $1.count } ?? []
                problems += fewest.map { "\(part.flow), \(walk.summary): \($0)" }
            }
        }
    }
    return problems
}

/// Whether packets of `part` must be there: of the answers to alternative requests only those are due whose way a
/// request took.
private func mustHappen(
    _ part: ExpectedWalk, _ walks: [Walk], _ expected: [ExpectedWalk], _ hooked: Set<String>
) -> Bool {
    guard part.kind == .answer, let position = expected.firstIndex(of: part),
        let request = expected[..<position].last(where: { $0.kind == .request }),
        expected.filter({ $0.flow == request.flow }).count > 1
    else { return true }
    return walks.contains {
        request.describes($0) && WalkComparison(walk: $0, hooked: hooked).differences(from: request).isEmpty
    }
}
