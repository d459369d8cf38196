internal import CNetlink
internal import Netlink
internal import Wire

/// The packets in one datagram of an NFLOG socket.
enum NFLOGDatagram {
    private static let packetType = UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_PACKET.rawValue)

    /// Calls `body` for each packet with the bytes that the message's ranges count in, which live as long as the call.
    ///
    /// Any bytes are safe to give: what is cut short or contradicts itself ends the reading.
    static func forEachPacket(
        in datagram: ArraySlice<UInt8>, _ body: (NFLOGMessage, UnsafeRawBufferPointer) -> Void
    ) {
        for message in NetlinkMessages(datagram) where message.type == packetType {
            let isWhole = message.payload.withUnsafeBytes { bytes in
                guard let packet = NFLOGMessage(bytes.bytes), !packet.isCutShort else { return false }
                body(packet, bytes)
                return true
            }
            if !isWhole { return }
        }
    }
}
