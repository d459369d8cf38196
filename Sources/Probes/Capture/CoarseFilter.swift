internal import Wire

/// What of a pcap-filter(7) expression holds for a packet wherever it is seen: the part that the kernel may filter by.
///
/// A walk is kept when any of its observations matches the user's filter, so every sighting of such a packet must get
/// through, with its addresses and ports translated, in a tunnel, or as the ICMP error that answers it. Therefore:
///
/// - A protocol word stays (`icmp`, `tcp`, `ip6 proto 17`), addresses, ports, networks, MAC addresses and directions
///   fall away: `tcp port 80 and host 198.51.100.1` becomes `tcp`, and `port 53` `tcp or udp or sctp`.
/// - A part that is not understood stands for every packet. `A and B` keeps what is left of either, `A or B` needs
///   both, and `not A` is kept only where nothing of A fell away.
/// - Around it stand the packets that may carry or answer such a one: tunnels (GRE, IP in IP, the ports of VXLAN, Geneve
///   and others), PPPoE sessions and MPLS, ICMP errors, ICMPv6, and ARP, by which a missing neighbour shows.
struct CoarseFilter: Equatable {
    /// For a hook, where packets begin with IP; empty for every packet. Short: iptables takes 64 instructions, so of the
    /// tunnels over UDP it has those that Linux hosts make (VXLAN, Geneve).
    var expression: String
    /// For a link, where a packet may also stand in a PPPoE session, behind an MPLS label, or in any tunnel over UDP.
    var linkExpression: String { expression.isEmpty ? "" : expression + Self.onLinksOnly }
    /// What is left of the user's own words, without the packets that carry and answer theirs; empty for everything.
    var kept = ""
    /// The UDP ports that carry tunnels at hooks.
    var tunnelPorts: [UInt16] = []

    private static let commonPorts: [UInt16] = [4789, 6081, 8472]
    private static let onLinksOnly =
        PacketHeaders.tunnelPorts.filter { !commonPorts.contains($0) }.map { " or udp port \($0)" }.joined()
        + " or ether proto 0x8864 or ether proto 0x8847 or ether proto 0x8848"

    /// - Parameter tunnelPorts: UDP ports that carry VXLAN.
    init(_ filter: String?, tunnelPorts: [UInt16] = []) {
        guard let filter, var parser = Parser(filter), let kept = parser.whole() else {
            expression = ""
            return
        }
        self.kept = kept
        self.tunnelPorts = Set(tunnelPorts + Self.commonPorts).sorted()
        let ports = self.tunnelPorts.map { "udp port \($0)" }.joined(separator: " or ")
        expression =
            "(\(kept)) or ip proto 4 or ip proto 41 or ip proto 47 or ip6 proto 4 or ip6 proto 41 or ip6 proto 47"
            + " or \(ports) or (icmp and icmp[0] != 0 and icmp[0] != 8) or icmp6 or arp"
    }

    /// What is left of a part: nil text for every packet.
    private struct Part {
        var text: String?
        /// Nothing fell away.
        var isExact: Bool
        static let everything = Part(text: nil, isExact: false)
    }

    private struct Parser {
        private let tokens: [String]
        private var position = 0

        init?(_ filter: String) {
            guard let tokens = Self.tokenise(filter), !tokens.isEmpty else { return nil }
            self.tokens = tokens
        }

        private static func tokenise(_ filter: String) -> [String]? {
            var tokens: [String] = []
            var word = ""
            func isWord(_ character: Character) -> Bool {
                character.isLetter || character.isNumber || ".:-_/\\".contains(character)
            }
            for character in filter {
                if isWord(character) {
                    word.append(character)
                    continue
                }
                if !word.isEmpty { tokens.append(word) }
                word = ""
                if character.isWhitespace { continue }
                if let last = tokens.last, last.count == 1, "&|=!<>".contains(last), "&|=<>".contains(character) {
                    tokens[tokens.count - 1] += String(character)
                } else {
                    tokens.append(String(character))
                }
            }
            if !word.isEmpty { tokens.append(word) }
            return tokens
        }

        private var next: String? { position < tokens.count ? tokens[position] : nil }

        mutating func whole() -> String? {
            guard let part = expression(), position == tokens.count else { return nil }
            return part.text
        }

        /// `and` and `or` have one precedence and bind to the left (pcap-filter(7)).
        private mutating func expression() -> Part? {
            guard var left = term() else { return nil }
            while let word = next {
                switch word {
                case "and", "&&":
                    position += 1
                    guard let right = term() else { return nil }
                    left = Self.both(left, right)
                case "or", "||":
                    position += 1
                    guard let right = term() else { return nil }
                    left = Self.either(left, right)
                default: return left
                }
            }
            return left
        }

        private static func both(_ left: Part, _ right: Part) -> Part {
            let texts = [left.text, right.text].compactMap { $0 }
            guard !texts.isEmpty else { return .everything }
            return Part(
                text: texts.count == 1 ? texts[0] : "(\(texts[0]) and \(texts[1]))",
                isExact: left.isExact && right.isExact)
        }

        private static func either(_ left: Part, _ right: Part) -> Part {
            guard let first = left.text, let second = right.text else { return .everything }
            return Part(text: "(\(first) or \(second))", isExact: left.isExact && right.isExact)
        }

        private mutating func term() -> Part? {
            guard let word = next else { return nil }
            if word == "not" || word == "!" {
                position += 1
                guard let part = term() else { return nil }
                guard let text = part.text, part.isExact else { return .everything }
                return Part(text: "not \(text)", isExact: true)
            }
            if word == "(" {
                position += 1
                guard let part = expression(), next == ")" else { return nil }
                position += 1
                return part
            }
            return primitive()
        }

        private static let protocols: Set<String> = [
            "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "esp", "ah", "pim", "vrrp",
        ]

        /// The words up to the next connective. Only the protocol that they begin with is kept.
        private mutating func primitive() -> Part? {
            var words: [String] = []
            var depth = 0
            while let word = next {
                if depth == 0, ["and", "&&", "or", "||", ")", "("].contains(word) { break }
                if word == "[" || word == "(" { depth += 1 }
                if word == "]" || word == ")" { depth -= 1 }
                if depth < 0 { return nil }
                words.append(word)
                position += 1
            }
            guard depth == 0, let first = words.first else { return nil }
            if words.count == 1, Self.protocols.contains(first) { return Part(text: first, isExact: true) }
            if words.count == 3, first == "ip" || first == "ip6", words[1] == "proto", UInt8(words[2]) != nil {
                return Part(text: words.joined(separator: " "), isExact: true)
            }
            if words.contains(where: { ["<", ">", "<=", ">=", "=", "==", "!="].contains($0) }) {
                // Arithmetic: a protocol that its left side looks into must be there, if no other one is looked into.
                let looked = zip(words, words.dropFirst()).filter { $0.1 == "[" }.map(\.0)
                guard looked.count == 1, let name = looked.first, name == first, Self.protocols.contains(name) else {
                    return .everything
                }
                return Part(text: name, isExact: false)
            }
            if Self.protocols.contains(first), words.dropFirst().allSatisfy({ !Self.protocols.contains($0) }) {
                return Part(text: first == "rarp" || first == "arp" ? nil : first, isExact: false)
            }
            if words.contains("port") || words.contains("portrange") {
                return Part(text: "(tcp or udp or sctp)", isExact: false)
            }
            return .everything
        }
    }
}
