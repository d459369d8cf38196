internal import Observations
internal import Wire

/// What an enhanced packet block says of a packet beside its bytes.
struct PacketBlock {
    var interface: UInt32
    var timeNanoseconds: Int64
    /// Of the packet as it was, in bytes.
    var originalLength: Int
    /// Nil where nobody declared it.
    var point: VantagePoint?
    /// Of a packet without bytes.
    var isIPv6 = false
    var comments: [String] = []
    /// Numbered fields of a recording (`ObservationFields`); empty for none.
    var fields: [UInt8] = []
}

/// The blocks that every reader of pcapng understands.
extension BlockBuffer {
    mutating func sectionHeader() {
        let block = begin(PcapNG.Block.sectionHeader)
        append(PcapNG.byteOrderMagic)
        append(UInt16(1))
        append(UInt16(0))
        append(Int64(-1))
        option(PcapNG.Option.sectionApplication, text: "packetwalk")
        endOptions()
        end(block)
    }

    /// - Parameter snapLength: bytes kept of each packet; nil for all.
    mutating func interface(name: String, linkType: LinkType, snapLength: Int? = nil) {
        let block = begin(PcapNG.Block.interface)
        append(linkType.rawValue)
        append(UInt16(0))
        append(UInt32(min(snapLength ?? 0, Int(Int32.max))))
        option(PcapNG.Option.interfaceName, text: name)
        option(PcapNG.Option.interfaceTimeResolution, [9])
        endOptions()
        end(block)
    }

    mutating func packet(_ packet: borrowing PacketBlock, _ bytes: UnsafeRawBufferPointer) {
        let block = begin(PcapNG.Block.enhancedPacket)
        append(packet.interface)
        let time = UInt64(bitPattern: packet.timeNanoseconds)
        append(UInt32(truncatingIfNeeded: time >> 32))
        append(UInt32(truncatingIfNeeded: time))
        let wrapping = packet.point?.isWrapped == true ? VantagePoint.wrappingLength : 0
        append(UInt32(bytes.count + wrapping))
        append(UInt32(clamping: packet.originalLength + wrapping))
        if wrapping > 0 {
            for _ in 0..<wrapping - 2 { append(UInt8(0)) }
            let isIPv6 = bytes.first.map { $0 >> 4 == 6 } ?? packet.isIPv6
            append(UInt16(isIPv6 ? 0x86dd : 0x0800).bigEndian)
        }
        append(bytes)
        pad()
        let flags: UInt32 = packet.point?.direction == .in ? 1 : packet.point?.direction == .out ? 2 : 0
        if flags != 0 || !packet.fields.isEmpty || !packet.comments.isEmpty {
            if flags != 0 {
                append(PcapNG.Option.packetFlags)
                append(UInt16(4))
                append(flags)
            }
            for comment in packet.comments { option(PcapNG.Option.comment, text: comment) }
            if !packet.fields.isEmpty { customOption(packet.fields) }
            endOptions()
        }
        end(block)
    }
}
