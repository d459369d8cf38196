internal import Wire

/// Packets that are the same to the last bit.
enum PacketTwins {
    /// Whether two packets in a moment that are the same are one: each that is sent has an IPv4 identification or a TCP
    /// sequence number of its own. Datagrams that say the same, under identification 0 or by IPv6, can be two.
    ///
    /// - Parameter networkProtocol: an EtherType.
    static func areTellable(_ packet: UnsafeRawBufferPointer, _ networkProtocol: UInt16) -> Bool {
        let bytes = packet.bytes
        switch networkProtocol {
        case 0x0800:
            guard packet.count >= 20 else { return false }
            return bytes.load(4, UInt16.self, swapped: true) != 0
                || packet[9] == IPProtocol.tcp.rawValue || packet[9] == IPProtocol.icmp.rawValue
        case 0x86dd:
            guard packet.count >= 40 else { return false }
            return packet[6] == IPProtocol.tcp.rawValue || packet[6] == IPProtocol.icmpv6.rawValue
        default:
            return true
        }
    }
}
