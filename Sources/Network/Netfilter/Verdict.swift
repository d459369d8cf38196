/// What a rule or a policy decided about a packet, in one or two words: `accept`, `jump CHAIN`, `policy drop`. A verdict
/// of a later kernel, or a rule's statement that is none, is kept as it came.
public struct Verdict: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let accept: Self = "accept"
    public static let drop: Self = "drop"
    /// A drop with an answer.
    public static let reject: Self = "reject"
    /// The next rule follows.
    public static let `continue`: Self = "continue"
    /// Back to the chain that jumped here.
    public static let `return`: Self = "return"
    /// Handed to a program (NFQUEUE).
    public static let queue: Self = "queue"
    /// The kernel keeps the packet, as for a reassembly.
    public static let stolen: Self = "stolen"

    public static func jump(_ chain: String) -> Self { Self(rawValue: "jump \(chain)") }
    public static func goto(_ chain: String) -> Self { Self(rawValue: "goto \(chain)") }
    /// The verdict of a base chain's policy: no rule of it gave one.
    public static func policy(_ verdict: Self) -> Self { Self(rawValue: "policy \(verdict)") }
}

extension Verdict {
    private func rest(after word: String) -> String? {
        rawValue.hasPrefix(word + " ") ? String(rawValue.dropFirst(word.utf8.count + 1)) : nil
    }

    /// The chain that the packet goes to.
    public var target: String? { rest(after: "jump") ?? rest(after: "goto") }

    public var isPolicy: Bool { rawValue.hasPrefix("policy") }

    /// Whether the sender is answered: `reject`, `reject with tcp reset`.
    public var isReject: Bool { rawValue.hasPrefix("reject") }

    /// Whether the packet's path ended here: `drop`, `reject`, `policy drop`.
    public var endsPacket: Bool { self == .drop || isReject || rawValue == "policy drop" }

    /// Whether its path through the base chain ended here, in whichever way.
    public var endsBaseChain: Bool {
        endsPacket || self == .accept || isPolicy || rawValue.hasPrefix("queue") || self == .stolen
    }
}
