import LinuxSystem

@testable import Twin

/// The path of a packet as a person works it out from a lab's commands: one part of `expected-hops.txt`.
///
/// ```
/// request icmp 172.19.0.2 > 198.51.100.1 x1
/// mynamespace sent
/// mynamespace veth1 out
/// host veth0 in
/// host postrouting source 172.19.0.2 => 203.0.113.2
/// wan delivered
/// ```
/// `fixtures/labs/README.md` has the grammar.
struct ExpectedWalk: Sendable, Hashable {
    enum Kind: String, Sendable {
        case request
        case answer
    }

    /// An address with the port where one was written.
    struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        var address: String
        var port: UInt16?
        var description: String {
            guard let port else { return address }
            return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }

    enum Place: Sendable, Hashable {
        /// A socket or the kernel itself made the packet.
        case sent
        /// The namespace took it as its own.
        case delivered
        /// A packet that is passed on was routed.
        case route
        /// `in` or `out` of a device.
        case link(device: String, direction: String)
        /// All stages of a netfilter hook.
        case hook(String)
    }

    struct Translation: Sendable, Hashable {
        /// `source` or `destination`.
        var field: String
        var from: Endpoint
        var to: Endpoint
    }

    /// What becomes of the number of packets that carry it.
    enum Parting: String, Sendable {
        /// Into segments or fragments.
        case cut
        /// Put together from them.
        case joined
    }

    struct Hop: Sendable, Hashable, CustomStringConvertible {
        var namespace: String
        var place: Place
        /// The packet travels inside another one here.
        var isEncapsulated: Bool
        var parting: Parting?
        var translations: [Translation]
        var description: String {
            let placeText =
                switch place {
                case .sent: "sent"
                case .delivered: "delivered"
                case .route: "route"
                case .link(let device, let direction): "\(device) \(direction)"
                case .hook(let name): name
                }
            let changes = translations.map { " \($0.field) \($0.from) => \($0.to)" }.joined()
            let words = [isEncapsulated ? " encapsulated" : "", parting.map { " \($0.rawValue)" } ?? ""].joined()
            return "\(namespace) \(placeText)\(words)\(changes)"
        }
    }

    var kind: Kind
    /// `icmp`, `icmpv6`, `tcp`, `udp`.
    var `protocol`: String
    /// As first sent.
    var source: Endpoint
    var destination: Endpoint
    /// How many packets go this way; nil where that is not certain beforehand.
    var count: Int?
    var hops: [Hop]

    static let hooks: Set<String> = ["prerouting", "input", "forward", "output", "postrouting"]

    /// Reads the text of `expected-hops.txt`. Throws `LabError` naming the line.
    static func parse(_ text: String, lab: String) throws(LabError) -> [ExpectedWalk] {
        var walks: [ExpectedWalk] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(separator: " ").map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func wrong(_ what: String) -> LabError {
                LabError(lab: lab, problem: "expected-hops.txt, line \(index + 1): \(what): \(line)")
            }
            if let kind = Kind(rawValue: first) {
                guard let walk = header(kind, words) else { throw wrong("no header of a walk") }
                walks.append(walk)
            } else {
                guard let hop = hop(words) else { throw wrong("no hop") }
                guard !walks.isEmpty else { throw wrong("a hop before the first request or answer") }
                walks[walks.count - 1].hops.append(hop)
            }
        }
        return walks
    }

    /// `request PROTOCOL SOURCE > DESTINATION [xCOUNT]`
    private static func header(_ kind: Kind, _ words: [String]) -> ExpectedWalk? {
        guard words.count == 5 || words.count == 6, words[3] == ">" else { return nil }
        var count: Int?
        if words.count == 6 {
            guard words[5].hasPrefix("x"), let number = Int(words[5].dropFirst()) else { return nil }
            count = number
        }
        return ExpectedWalk(
            kind: kind, protocol: words[1], source: endpoint(words[2]), destination: endpoint(words[4]), count: count,
            hops: [])
    }

    /// `NAMESPACE PLACE [encapsulated] [cut|joined] [source A => B] [destination A => B]`
    private static func hop(_ words: [String]) -> Hop? {
        guard words.count >= 2 else { return nil }
        var rest = words.dropFirst()
        let place: Place
        let word = rest.removeFirst()
        switch word {
        case "sent": place = .sent
        case "delivered": place = .delivered
        case "route": place = .route
        case _ where hooks.contains(word): place = .hook(word)
        default:
            guard let direction = rest.popFirst(), direction == "in" || direction == "out" else { return nil }
            place = .link(device: word, direction: direction)
        }
        let isEncapsulated = rest.first == "encapsulated"
        if isEncapsulated { rest.removeFirst() }
        let parting = rest.first.flatMap { Parting(rawValue: $0) }
        if parting != nil { rest.removeFirst() }
        var translations: [Translation] = []
        while let field = rest.popFirst() {
            guard field == "source" || field == "destination", rest.count >= 3 else { return nil }
            let from = rest.removeFirst()
            guard rest.removeFirst() == "=>" else { return nil }
            let to = rest.removeFirst()
            translations.append(Translation(field: field, from: endpoint(from), to: endpoint(to)))
        }
        return Hop(
            namespace: words[0], place: place, isEncapsulated: isEncapsulated, parting: parting,
            translations: translations)
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`
    private static func endpoint(_ text: String) -> Endpoint {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return Endpoint(
                address: String(text[text.index(after: text.startIndex)..<end]),
                port: UInt16(text[end...].dropFirst(2)))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return Endpoint(address: text, port: nil) }
        return Endpoint(address: String(parts[0]), port: UInt16(parts[1]))
    }
}

extension Lab {
    /// What `expected-hops.txt` says; empty where the lab has none. Throws `LabError`.
    func expectedWalks() throws(LabError) -> [ExpectedWalk] {
        guard let text = readText("\(directory)/expected-hops.txt") else { return [] }
        return try ExpectedWalk.parse(text, lab: name)
    }
}
