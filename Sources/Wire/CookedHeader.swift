/// A Linux cooked capture header, version 1 or 2 (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2; pcap-linktype(7)).
///
/// Captures of the device `any` have it in place of the real link-layer header.
public struct CookedHeader: Hashable, Sendable {
    /// To us 0, broadcast 1, multicast 2, to someone else 3, from us 4 (`PACKET_…` of `<linux/if_packet.h>`).
    public var packetType: UInt16
    /// An `ARPHRD_` value: 1 Ethernet, 772 loopback, …
    public var hardwareType: UInt16
    /// The sender's link-layer address, where it is one of 48 bits.
    public var address: MACAddress?
    /// An EtherType, for most hardware types.
    public var networkProtocol: UInt16
    /// The interface on which the packet was seen; 0 in version 1, which does not say.
    public var interfaceIndex: UInt32
    /// Bytes: 16 or 20.
    public var headerLength: Int

    /// Nil where the header is not whole or `linkType` is another.
    public init?(_ bytes: RawSpan, linkType: LinkType) {
        let addressLength: UInt16
        let addressOffset: Int
        switch linkType {
        case .linuxSLL:
            guard bytes.holds(16, at: 0) else { return nil }
            packetType = bytes.u16(0)
            hardwareType = bytes.u16(2)
            addressLength = bytes.u16(4)
            addressOffset = 6
            networkProtocol = bytes.u16(14)
            interfaceIndex = 0
            headerLength = 16
        case .linuxSLL2:
            guard bytes.holds(20, at: 0) else { return nil }
            networkProtocol = bytes.u16(0)
            interfaceIndex = bytes.u32(4)
            hardwareType = bytes.u16(8)
            packetType = UInt16(bytes.u8(10))
            addressLength = UInt16(bytes.u8(11))
            addressOffset = 12
            headerLength = 20
        default:
            return nil
        }
        address = addressLength == 6 ? bytes.macAddress(addressOffset) : nil
    }

    /// Sent by this host, not received.
    public var isOutgoing: Bool { packetType == 4 }
}
