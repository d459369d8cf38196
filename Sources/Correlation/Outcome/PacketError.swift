internal import WalkModel
import Wire

/// What an ICMP error said of a packet.
struct PacketError {
    var timeNanoseconds: Int64
    var source: IPAddress
    var isIPv6: Bool
    var type: UInt8
    var code: UInt8

    init(_ headers: PacketHeaders, _ timeNanoseconds: Int64) {
        self.timeNanoseconds = timeNanoseconds
        source = headers.source
        isIPv6 = headers.ipProtocol == .icmpv6
        type = headers.icmpType
        code = headers.icmpCode
    }

    /// "Destination unreachable", except for the packet's size (RFC 792, RFC 4443).
    var isRefusal: Bool { isIPv6 ? type == 1 : type == 3 && code != 4 }
    /// "Time exceeded", "fragmentation needed" and "packet too big".
    var isDiscard: Bool { isIPv6 ? type == 2 || type == 3 : type == 11 || type == 3 && code == 4 }
}
