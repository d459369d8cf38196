public import Wire

/// The tunnel that a packet is in at a hop: the outermost headers around it.
public struct Encapsulation: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case vxlan
        case gre
        case ipip
        case geneve
        case erspan
        case gtp
        case l2tp
        case pptp
        case teredo
        case gue
        case pppoe
        case mpls

        /// Whether a number is always there: others have one only where it is not 0.
        public var isNumbered: Bool {
            switch self {
            case .vxlan, .geneve, .gtp, .pppoe, .mpls: true
            default: false
            }
        }
    }

    public var kind: Kind
    /// The network of VXLAN or Geneve, the key of GRE, the session of ERSPAN, L2TP or PPPoE, the call of PPTP, GTP's
    /// TEID, the outermost MPLS label; nil where there is none.
    public var identifier: UInt32?
    /// Nil for a session of the link (PPPoE, MPLS), which has no IP header of its own.
    public var source: IPAddress?
    public var destination: IPAddress?
    /// In how many fragments the tunnel's packet passed; 1 where it was whole.
    public var fragments: Int

    public init(
        kind: Kind, identifier: UInt32? = nil, source: IPAddress?, destination: IPAddress?, fragments: Int = 1
    ) {
        self.kind = kind
        self.identifier = identifier
        self.source = source
        self.destination = destination
        self.fragments = fragments
    }

    /// The tunnel, whether or not its packet went in fragments.
    public var whole: Encapsulation {
        var whole = self
        whole.fragments = 1
        return whole
    }
}

extension Encapsulation: LosslessStringConvertible {
    /// `vxlan 42 203.0.113.2 → 203.0.113.3`, `ipip 203.0.113.2 → 203.0.113.3 in 2 fragments`, `pppoe 17`
    public var description: String {
        var text = "\(kind.rawValue)\(identifier.map { " \($0)" } ?? "")"
        if let source, let destination { text += " \(source) → \(destination)" }
        return text + (fragments > 1 ? " in \(fragments) fragments" : "")
    }

    /// Nil for what `description` does not give.
    public init?(_ description: String) {
        var words = description.split(separator: " ")[...]
        guard let kind = words.popFirst().flatMap({ Kind(rawValue: String($0)) }) else { return nil }
        var fragments = 1
        if words.count >= 3, words[words.endIndex - 3] == "in", words.last == "fragments" {
            guard let count = Int(words[words.endIndex - 2]), count > 1 else { return nil }
            fragments = count
            words.removeLast(3)
        }
        var identifier: UInt32?
        if words.count == 1 || words.count == 4 {
            guard let number = words.popFirst().flatMap({ UInt32($0) }) else { return nil }
            identifier = number
        }
        let addresses = Array(words)
        switch addresses.count {
        case 0:
            guard kind == .pppoe || kind == .mpls else { return nil }
            self.init(kind: kind, identifier: identifier, source: nil, destination: nil, fragments: fragments)
        case 3:
            guard addresses[1] == "→", let source = IPAddress(addresses[0]),
                let destination = IPAddress(addresses[2])
            else { return nil }
            self.init(
                kind: kind, identifier: identifier, source: source, destination: destination, fragments: fragments)
        default: return nil
        }
    }
}
