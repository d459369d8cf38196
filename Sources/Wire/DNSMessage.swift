/// What a message of DNS asks and what came of it (RFC 1035 section 4): the first question, the result, the first answers.
///
/// Made from other people's bytes: a name that points into itself, runs past the end or is longer than 255 octets is none,
/// and what stands behind it is not read. Names are written as master files write them (section 5.1): an octet that is no
/// printable ASCII as `\DDD`.
public struct DNSMessage: Hashable, Sendable {
    /// Answers that are kept at most; `answerCount` tells how many the message has.
    public static let answerLimit = 4

    public var identifier: UInt16
    public var isResponse: Bool
    public var responseCode: UInt8
    /// The TC bit: the rest did not fit into a datagram.
    public var isTruncated: Bool
    /// Without the final dot; `.` for the root. Nil where the message asks nothing, or was not captured so far.
    public var name: String?
    /// QTYPE: 1 A, 28 AAAA, …
    public var type: UInt16
    /// Addresses, names and other data of answers: `192.0.2.1`, `CNAME www.example.com`, `MX`.
    public var answers: [String] = []
    public var answerCount: UInt16

    /// Nil where `payload` does not begin with a DNS header.
    ///
    /// - Parameter payload: what a UDP datagram carries, as far as it was captured.
    public init?(_ payload: RawSpan) {
        guard payload.holds(12, at: 0) else { return nil }
        let flags = payload.u16(2)
        // OPCODE: 0 to 6 are in use (RFC 8490 has the last); Z is zero (RFC 2535 took its other bits).
        guard flags >> 11 & 15 <= 6, flags >> 6 & 1 == 0 else { return nil }
        identifier = payload.u16(0)
        isResponse = flags >> 15 == 1
        responseCode = UInt8(flags & 15)
        isTruncated = flags >> 9 & 1 == 1
        type = 0
        answerCount = payload.u16(6)
        var offset = 12
        guard payload.u16(4) > 0, let name = Self.name(payload, &offset), payload.holds(4, at: offset) else { return }
        self.name = name
        type = payload.u16(offset)
        offset += 4
        // Answers stand behind the last question: of several only the first is read.
        guard isResponse, payload.u16(4) == 1 else { return }
        for _ in 0..<min(Int(answerCount), Self.answerLimit) {
            guard let answer = Self.record(payload, &offset) else { return }
            answers.append(answer)
        }
    }

    /// `A`, `AAAA`, …; `TYPE65` for one without a name here (RFC 3597 section 5).
    public var typeName: String { Self.typeName(type) }

    /// `NOERROR`, `NXDOMAIN`, …; `RCODE11` for one without a name here.
    public var resultName: String {
        let names = [
            "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
            "NOTAUTH", "NOTZONE",
        ]
        return names.indices.contains(Int(responseCode)) ? names[Int(responseCode)] : "RCODE\(responseCode)"
    }

    static func typeName(_ type: UInt16) -> String {
        switch type {
        case 1: "A"
        case 2: "NS"
        case 5: "CNAME"
        case 6: "SOA"
        case 12: "PTR"
        case 15: "MX"
        case 16: "TXT"
        case 28: "AAAA"
        case 33: "SRV"
        case 64: "SVCB"
        case 65: "HTTPS"
        case 255: "ANY"
        default: "TYPE\(type)"
        }
    }

    /// The name at `offset`, which then stands behind it; nil where there is none. Every step goes forward in the message, or
    /// back to before where the part began: so it ends.
    private static func name(_ bytes: RawSpan, _ offset: inout Int) -> String? {
        var text: [UInt8] = []
        var at = offset
        var octets = 0
        // A pointer leads to before where the part that it ends began.
        var limit = offset
        var hasJumped = false
        while true {
            guard bytes.holds(1, at: at) else { return nil }
            let length = Int(bytes.u8(at))
            if length == 0 {
                if !hasJumped { offset = at + 1 }
                return text.isEmpty ? "." : String(decoding: text, as: UTF8.self)
            }
            if length >= 0xc0 {
                guard bytes.holds(2, at: at) else { return nil }
                let target = Int(bytes.u16(at) & 0x3fff)
                guard target < limit else { return nil }
                if !hasJumped { offset = at + 2 }
                hasJumped = true
                limit = target
                at = target
                continue
            }
            octets += length + 1
            guard length < 0x40, octets < 255, bytes.holds(length, at: at + 1) else { return nil }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for place in (at + 1)...(at + length) { append(bytes.u8(place), to: &text) }
            at += length + 1
        }
    }

    private static func append(_ octet: UInt8, to text: inout [UInt8]) {
        switch octet {
        case UInt8(ascii: "."), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), octet]
        case 0x21...0x7e: text.append(octet)
        default:
            text += [UInt8(ascii: "\\"), 0x30 + octet / 100, 0x30 + octet / 10 % 10, 0x30 + octet % 10]
        }
    }

    /// The record at `offset`, which then stands behind it; nil where it was not captured whole.
    private static func record(_ bytes: RawSpan, _ offset: inout Int) -> String? {
        guard name(bytes, &offset) != nil, bytes.holds(10, at: offset) else { return nil }
        let type = bytes.u16(offset)
        let length = Int(bytes.u16(offset + 8))
        let data = offset + 10
        guard bytes.holds(length, at: data) else { return nil }
        offset = data + length
        switch (type, length) {
        case (1, 4): return IPAddress(ipv4: bytes.u32(data)).description
        case (28, 16): return IPAddress(high: bytes.u64(data), low: bytes.u64(data + 8)).description
        case (2, _), (5, _), (12, _):
            var start = data
            return name(bytes, &start).map { "\(typeName(type)) \($0)" }
        default: return typeName(type)
        }
    }
}
