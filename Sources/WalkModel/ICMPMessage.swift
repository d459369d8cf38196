public import Observations
public import Wire

/// The header of an ICMP or ICMPv6 message (RFC 792, RFC 4443, RFC 4861), and the packet that an error quotes.
public struct ICMPMessage: Sendable, Hashable {
    /// ICMPv6; else ICMP.
    public var isIPv6: Bool
    public var type: UInt8
    public var code: UInt8
    /// Of an echo request or reply; nil for other messages.
    public var identifier: UInt16?
    public var sequence: UInt16?
    /// What "fragmentation needed" and "packet too big" report, in bytes; nil for other messages.
    public var mtu: UInt32?
    /// The flow of the quoted packet, as it looked to the sender of the error; nil where nothing is quoted.
    public var quoted: FlowTuple?

    public init(
        isIPv6: Bool = false, type: UInt8, code: UInt8 = 0, identifier: UInt16? = nil, sequence: UInt16? = nil,
        mtu: UInt32? = nil, quoted: FlowTuple? = nil
    ) {
        self.isIPv6 = isIPv6
        self.type = type
        self.code = code
        self.identifier = identifier
        self.sequence = sequence
        self.mtu = mtu
        self.quoted = quoted
    }

    public static func echoRequest(isIPv6: Bool = false, identifier: UInt16, sequence: UInt16) -> ICMPMessage {
        ICMPMessage(
            isIPv6: isIPv6, type: ICMPType.echoRequest(isIPv6: isIPv6).number, identifier: identifier,
            sequence: sequence)
    }

    public static func echoReply(isIPv6: Bool = false, identifier: UInt16, sequence: UInt16) -> ICMPMessage {
        ICMPMessage(
            isIPv6: isIPv6, type: ICMPType.echoReply(isIPv6: isIPv6).number, identifier: identifier, sequence: sequence)
    }

    public var ipProtocol: IPProtocol { isIPv6 ? .icmpv6 : .icmp }

    private var kind: ICMPType { ICMPType(type, isIPv6: isIPv6) }

    public var isEchoRequest: Bool { kind == .echoRequest(isIPv6: isIPv6) }
    public var isEchoReply: Bool { kind == .echoReply(isIPv6: isIPv6) }
    public var isEcho: Bool { isEchoRequest || isEchoReply }

    /// Whether it says why another packet did not arrive. In ICMPv6 the types below 128 are the errors.
    public var isError: Bool { isIPv6 ? type < 128 : [3, 4, 11, 12].contains(type) }
    /// "Fragmentation needed" or "packet too big".
    public var isTooBig: Bool { isIPv6 ? type == 2 : type == 3 && code == 4 }
    /// Whether it advises of a better next hop.
    public var isRedirect: Bool { type == ipProtocol.redirectType }

    /// `echo request`, `destination unreachable (port)`; `type 13 code 0` for one without a name here.
    public var name: String { kind.words(code: code) ?? "type \(type) code \(code)" }
}

extension ICMPMessage: CustomStringConvertible {
    /// `ICMP echo request id 5001 seq 1`, `ICMPv6 packet too big, MTU 1280, about tcp 2001:db8::1:443 → …`
    public var description: String {
        var text = "\(isIPv6 ? "ICMPv6" : "ICMP") \(name)"
        if let identifier, let sequence { text += " id \(identifier) seq \(sequence)" }
        if isTooBig { text += ", MTU \(mtu ?? 0)," }
        guard let quoted, isError || isRedirect else { return text }
        let hasPorts = quoted.ipProtocol.hasPorts
        return text + " about \(quoted.ipProtocol) \(quoted.source)\(hasPorts ? ":\(quoted.sourcePort)" : "") → "
            + "\(quoted.destination)\(hasPorts ? ":\(quoted.destinationPort)" : "")"
    }
}
