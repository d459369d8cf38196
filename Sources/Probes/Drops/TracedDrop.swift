internal import Network
internal import Observations

/// A line of `trace_pipe` about `skb:kfree_skb`:
///
///     ping-8916 [001] ..s1. 12129.176249: kfree_skb: skbaddr=… protocol=2048 location=ping_rcv+0xab/0xd0 reason: NO_SOCKET
///
/// It names neither packet nor namespace.
struct TracedDrop: Equatable {
    /// Of the instance's clock, rounded to microseconds.
    var timeNanoseconds: Int64
    /// Ethertype; 0 where the kernel had not set it.
    var etherType: UInt16
    /// `enum skb_drop_reason` without its prefix; a number where the kernel has no name for it.
    var reason: DropReason
    /// The function that freed it; nil where the kernel shows no symbol.
    var location: String?

    /// Nil for any other line.
    ///
    /// The process's name stands first and can hold what its owner likes, but it is too short for what is looked for.
    init?(_ line: Substring) {
        guard let mark = line.firstRange(of: ": kfree_skb: skbaddr=") else { return nil }
        let clock = line[..<mark.lowerBound].split(separator: " ").last?.split(
            separator: ".", omittingEmptySubsequences: false)
        guard let clock, clock.count == 2, clock[1].utf8.count == 6, let seconds = Int64(clock[0]),
            (0...9_000_000_000).contains(seconds), let microseconds = Int64(clock[1]), microseconds >= 0
        else { return nil }
        timeNanoseconds = seconds * 1_000_000_000 + microseconds * 1000

        let fields = line[mark.upperBound...]
        guard let end = fields.firstRange(of: " reason: ") else { return nil }
        reason = DropReason(rawValue: String(fields[end.upperBound...].prefix { $0 != " " }))
        guard !reason.rawValue.isEmpty, let place = fields[..<end.lowerBound].firstRange(of: " location="),
            let protocolMark = fields[..<place.lowerBound].firstRange(of: " protocol="),
            let number = UInt16(fields[protocolMark.upperBound..<place.lowerBound].prefix { $0 != " " })
        else { return nil }
        etherType = number
        let symbol = fields[place.upperBound..<end.lowerBound].prefix { $0 != "+" && $0 != " " }
        let isAddress = symbol.hasPrefix("0x") || symbol.allSatisfy(\.isHexDigit)
        location = symbol.isEmpty || isAddress ? nil : String(symbol)
    }

    /// How many events the kernel threw away, where a line says so: `CPU:1 [LOST 34 EVENTS]`. At least one where it does
    /// not know.
    static func lost(_ line: Substring) -> UInt64? {
        guard line.hasPrefix("CPU:"), let mark = line.firstRange(of: " [LOST "), line.hasSuffix("EVENTS]") else {
            return nil
        }
        let count = line[mark.upperBound...].prefix { $0 != " " }
        return count == "EVENTS]" ? 1 : UInt64(count)
    }
}
