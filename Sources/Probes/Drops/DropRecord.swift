internal import Wire

/// `struct drop` of drop.bpf.h, read from its bytes: 112 bytes of fields, then up to 192 of the packet from its
/// network header on. Native byte order.
struct DropRecord {
    /// CLOCK_MONOTONIC.
    var timeNanoseconds: UInt64
    /// `enum skb_drop_reason`; its names differ between kernels.
    var reason: UInt32
    /// 0 where the kernel no longer knew it.
    var namespaceInode: UInt32
    var interfaceIndex: UInt32
    var mark: UInt32
    var length: UInt32
    /// Ethertype.
    var networkProtocol: UInt16
    var device: String
    /// `nft_do_chain+0x1a2`, cut at the sign.
    var location: String
    var headers: PacketHeaders
    /// Of a packet whose payload, or some of it, lay in pages that the probe does not read (`skb_shared_info.frags`):
    /// its label is another than where it was seen. Nil for one that was read as far as there is room, or has no key.
    var keyOfUnread: HeaderKey?
    /// By what a sampling run chooses it.
    var sampleNumber: SampleNumber

    /// Nil for a record too short to be one.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= Self.packetOffset + Self.packetCapacity else { return nil }
        timeNanoseconds = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
        reason = bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt32.self)
        namespaceInode = bytes.unsafeLoadUnaligned(fromByteOffset: 20, as: UInt32.self)
        interfaceIndex = bytes.unsafeLoadUnaligned(fromByteOffset: 24, as: UInt32.self)
        mark = bytes.unsafeLoadUnaligned(fromByteOffset: 28, as: UInt32.self)
        length = bytes.unsafeLoadUnaligned(fromByteOffset: 32, as: UInt32.self)
        networkProtocol = bytes.unsafeLoadUnaligned(fromByteOffset: 36, as: UInt16.self)
        let captured = bytes.unsafeLoadUnaligned(fromByteOffset: 38, as: UInt16.self)
        device = Self.text(bytes, from: 40, capacity: 16)
        location = String(Self.text(bytes, from: 64, capacity: 48).prefix { $0 != "+" && $0 != " " })
        let count = min(Int(captured), Self.packetCapacity)
        let packet = bytes.extracting(Self.packetOffset..<(Self.packetOffset + count))
        headers = dissect(packet, linkType: .raw, originalLength: max(Int(length), count))
        sampleNumber = SampleNumber(headers, in: packet)
        if count < min(Int(length), Self.packetCapacity) { keyOfUnread = HeaderKey(packet: packet, linkType: .raw) }
    }

    private static let packetOffset = 112
    private static let packetCapacity = 192

    private static func text(_ bytes: RawSpan, from offset: Int, capacity: Int) -> String {
        var characters: [UInt8] = []
        for index in offset..<(offset + capacity) {
            let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if byte == 0 { break }
            characters.append(byte)
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
