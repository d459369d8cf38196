public import Wire

/// The tunnel that a packet is in at a hop: the outermost headers around it.
public struct Encapsulation: Sendable, Hashable {
    public enum Kind: String, Sendable {
        case vxlan
        case gre
        case ipip
    }

    public var kind: Kind
    /// VXLAN network identifier or GRE key; nil where there is none.
    public var identifier: UInt32?
    public var source: IPAddress
    public var destination: IPAddress
    /// In how many fragments the tunnel's packet passed; 1 where it was whole.
    public var fragments: Int

    public init(
        kind: Kind, identifier: UInt32? = nil, source: IPAddress, destination: IPAddress, fragments: Int = 1
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
    /// `vxlan 42 203.0.113.2 → 203.0.113.3`, `ipip 203.0.113.2 → 203.0.113.3 in 2 fragments`
    public var description: String {
        "\(kind.rawValue)\(identifier.map { " \($0)" } ?? "") \(source) → \(destination)"
            + (fragments > 1 ? " in \(fragments) fragments" : "")
    }

    /// Nil for what `description` does not give.
    public init?(_ description: String) {
        var words = description.split(separator: " ")
        guard words.count >= 4, let kind = Kind(rawValue: String(words[0])) else { return nil }
        words.removeFirst()
        var fragments = 1
        if words.count >= 6, words[words.count - 3] == "in", words[words.count - 1] == "fragments" {
            guard let count = Int(words[words.count - 2]), count > 1 else { return nil }
            fragments = count
            words.removeLast(3)
        }
        var identifier: UInt32?
        if words.count == 4 {
            guard let number = UInt32(words.removeFirst()) else { return nil }
            identifier = number
        }
        guard words.count == 3, words[1] == "→", let source = IPAddress(words[0]), let destination = IPAddress(words[2])
        else { return nil }
        self.init(
            kind: kind, identifier: identifier, source: source, destination: destination, fragments: fragments)
    }
}
