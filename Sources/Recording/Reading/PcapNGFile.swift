internal import Observations
internal import Wire

/// The pcapng format (draft-ietf-opsawg-pcapng): either byte order, several sections, every kind of block.
final class PcapNGFile: CaptureFile {
    let source: ByteSource
    private(set) var damage: CaptureDamage
    private(set) var interfaces: [CapturedInterface] = []
    private var interfaceCount = 0
    /// Every interface of the section counts in nanoseconds since 1970.
    private var isInNanoseconds = true
    /// Counted from 1; interfaces are numbered anew in each.
    private(set) var section = 0

    // A custom block of ours.
    private(set) var recordKind: UInt16 = 0
    private(set) var recordFlags: UInt16 = 0
    private(set) var record = UnsafeRawBufferPointer(start: nil, count: 0)

    private(set) var droppedInterface = 0
    private(set) var dropped: UInt64 = 0

    private var swapped = false
    private var pending = 0
    private var isOver = false

    /// A packet of 256 KiB with room for options.
    private static let packetBlockLimit = 1 << 20
    /// A topology of thousands of namespaces.
    private static let customBlockLimit = 1 << 26
    private static let interfaceLimit = 65_536

    /// Nil where the file does not begin with a section header.
    init?(_ source: ByteSource) {
        self.source = source
        damage = CaptureDamage(path: source.path)
        guard source.require(4), source.window.bytes.load(0, UInt32.self, swapped: false) == PcapNG.Block.sectionHeader
        else { return nil }
    }

    func next(_ packet: inout CapturedPacket) -> CaptureStep {
        while true {
            if pending > 0 {
                source.consume(pending)
                pending = 0
            }
            guard !isOver else { return .end }
            guard source.require(12) else {
                if let reason = source.failure {
                    stop(reason)
                } else if source.available > 0 {
                    stop("the file ends inside a block header")
                }
                return .end
            }
            let type = source.window.bytes.load(0, UInt32.self, swapped: swapped)
            if type == PcapNG.Block.sectionHeader {
                readByteOrder()
                guard !isOver else { return .end }
            }
            let length = Int(source.window.bytes.load(4, UInt32.self, swapped: swapped))
            guard length >= 12, length & 3 == 0 else {
                stop("a block of \(length) bytes: not a length that a block can have")
                return .end
            }
            // Nearly every block is a packet that is there already.
            if type == PcapNG.Block.enhancedPacket, length <= source.available, length <= Self.packetBlockLimit {
                let block = UnsafeRawBufferPointer(rebasing: source.window[..<length])
                guard Int(block.bytes.load(length - 4, UInt32.self, swapped: swapped)) == length else {
                    stop("a block's two lengths differ")
                    return .end
                }
                pending = length
                if readEnhancedPacket(UnsafeRawBufferPointer(rebasing: block[8..<length - 4]), &packet) {
                    return .packet
                }
                continue
            }
            let limit: Int
            switch type {
            case PcapNG.Block.enhancedPacket, PcapNG.Block.packet, PcapNG.Block.simplePacket,
                PcapNG.Block.sectionHeader, PcapNG.Block.interface, PcapNG.Block.interfaceStatistics:
                limit = Self.packetBlockLimit
            case PcapNG.Block.record, PcapNG.Block.custom, PcapNG.Block.customNoCopy:
                limit = Self.customBlockLimit
            default:
                if !skip(length) { return .end }
                continue
            }
            guard length <= limit else {
                stop("a block of \(length) bytes: longer than \(limit), the most that one of type \(type) may have")
                return .end
            }
            guard source.require(length) else {
                stop(source.failure ?? "the file ends inside a block: \(source.available) of \(length) bytes")
                return .end
            }
            let block = UnsafeRawBufferPointer(rebasing: source.window[..<length])
            guard Int(block.bytes.load(length - 4, UInt32.self, swapped: swapped)) == length else {
                stop("a block's two lengths differ")
                return .end
            }
            pending = length
            let body = UnsafeRawBufferPointer(rebasing: block[8..<length - 4])
            if let step = read(type, body, &packet) { return step }
        }
    }

    private func stop(_ reason: String) {
        if !source.isGivenUp { damage.note(source.offset, reason) }
        isOver = true
    }

    private func complain(_ reason: String) { damage.note(source.offset, reason) }

    /// Blocks that say nothing of use, however long.
    private func skip(_ length: Int) -> Bool {
        let start = source.offset
        guard source.skip(length) else {
            if !source.isGivenUp {
                damage.note(start, source.failure ?? "the file ends inside a block of \(length) bytes")
            }
            isOver = true
            return false
        }
        return true
    }

    private func readByteOrder() {
        switch source.window.bytes.load(8, UInt32.self, swapped: false) {
        case PcapNG.byteOrderMagic: swapped = false
        case PcapNG.byteOrderMagic.byteSwapped: swapped = true
        default: stop("a section header without the byte-order magic")
        }
    }

    private func read(
        _ type: UInt32, _ body: UnsafeRawBufferPointer, _ packet: inout CapturedPacket
    ) -> CaptureStep? {
        let bytes = body.bytes
        switch type {
        case PcapNG.Block.enhancedPacket:
            return readEnhancedPacket(body, &packet) ? .packet : nil
        case PcapNG.Block.sectionHeader:
            let version = bytes.load(4, UInt16.self, swapped: swapped)
            guard body.count >= 16, version == 1 else {
                stop("a section of version \(version), which this tool does not know")
                return .end
            }
            section += 1
            interfaces = []
            interfaceCount = 0
            isInNanoseconds = true
        case PcapNG.Block.interface:
            readInterface(body)
        case PcapNG.Block.simplePacket:
            guard let interface = interfaces.first else {
                complain("a packet without an interface")
                return nil
            }
            guard body.count >= 4 else {
                complain("a packet block without a packet")
                return nil
            }
            let original = bytes.load(0, UInt32.self, swapped: swapped)
            var captured = min(Int(original), body.count - 4)
            if interface.snapLength > 0 { captured = min(captured, Int(interface.snapLength)) }
            // It carries no time: that of the packet before it is the nearest known.
            packet.interface = 0
            packet.take(body, at: 4, captured: captured, original: original)
            return .packet
        case PcapNG.Block.packet:
            guard body.count >= 20 else {
                complain("a packet block without a packet")
                return nil
            }
            let interface = Int(bytes.load(0, UInt16.self, swapped: swapped))
            return readTimedPacket(body, interface: interface, &packet) ? .packet : nil
        case PcapNG.Block.interfaceStatistics:
            return readStatistics(body)
        case PcapNG.Block.record, PcapNG.Block.custom, PcapNG.Block.customNoCopy:
            guard body.count >= RecordBlock.headerLength,
                bytes.load(0, UInt32.self, swapped: swapped) == PcapNG.enterprise,
                bytes.load(4, UInt32.self, swapped: false) == PcapNG.magic
            else { return nil }
            recordKind = bytes.load(8, UInt16.self, swapped: false)
            recordFlags = bytes.load(10, UInt16.self, swapped: false)
            let length = Int(bytes.load(12, UInt32.self, swapped: false))
            guard length <= body.count - RecordBlock.headerLength else {
                complain("a record longer than its block")
                return nil
            }
            record = UnsafeRawBufferPointer(
                rebasing: body[RecordBlock.headerLength..<RecordBlock.headerLength + length])
            return .record
        default:
            break
        }
        return nil
    }

    @inline(__always)
    private func readEnhancedPacket(_ body: UnsafeRawBufferPointer, _ packet: inout CapturedPacket) -> Bool {
        guard body.count >= 20 else {
            complain("a packet block without a packet")
            return false
        }
        return readTimedPacket(body, interface: Int(body.bytes.load(0, UInt32.self, swapped: swapped)), &packet)
    }

    /// Enhanced and obsolete packet blocks are alike behind the interface's number.
    @inline(__always)
    private func readTimedPacket(
        _ body: UnsafeRawBufferPointer, interface: Int, _ packet: inout CapturedPacket
    ) -> Bool {
        let bytes = body.bytes
        guard interface < interfaceCount else {
            complain("a packet of interface \(interface), which the section does not describe")
            return false
        }
        let captured = Int(bytes.load(12, UInt32.self, swapped: swapped))
        guard captured <= body.count - 20 else {
            complain("a packet of \(captured) bytes in a block that holds \(body.count - 20)")
            return false
        }
        packet.interface = interface
        let high = UInt64(bytes.load(4, UInt32.self, swapped: swapped))
        let low = UInt64(bytes.load(8, UInt32.self, swapped: swapped))
        let ticks = high << 32 | low
        if isInNanoseconds {
            packet.timeNanoseconds = Int64(bitPattern: ticks)
        } else if !interfaces[interface].hasNoClock {
            // Otherwise that of the packet before it is the nearest known.
            packet.timeNanoseconds = interfaces[interface].clock.nanoseconds(ticks)
        }
        packet.take(body, at: 20, captured: captured, original: bytes.load(16, UInt32.self, swapped: swapped))
        let options = (20 + captured + 3) & ~3
        if options + 4 <= body.count { readPacketOptions(body, from: options, &packet) }
        return true
    }

    @inline(__always)
    private func readPacketOptions(
        _ body: UnsafeRawBufferPointer, from start: Int, _ packet: inout CapturedPacket
    ) {
        let bytes = body.bytes
        var offset = start
        while offset + 4 <= body.count {
            let code = bytes.load(offset, UInt16.self, swapped: swapped)
            let length = Int(bytes.load(offset &+ 2, UInt16.self, swapped: swapped))
            offset &+= 4
            if code == PcapNG.Option.end { return }
            guard length <= body.count - offset else {
                complain("an option longer than its block")
                return
            }
            if code == PcapNG.Option.packetFlags, length == 4 {
                switch bytes.load(offset, UInt32.self, swapped: swapped) & 3 {
                case 1: packet.direction = .in
                case 2: packet.direction = .out
                default: break
                }
            } else if code == PcapNG.Option.customBytes, length >= 8,
                bytes.load(offset, UInt32.self, swapped: swapped) == PcapNG.enterprise,
                bytes.load(offset &+ 4, UInt32.self, swapped: false) == PcapNG.magic
            {
                packet.fields = UnsafeRawBufferPointer(rebasing: body[offset + 8..<offset + length])
            } else if code == PcapNG.Option.comment, packet.annotation.isEmpty {
                packet.annotation = UnsafeRawBufferPointer(rebasing: body[offset..<offset + length])
            } else if code == PcapNG.Option.customText, length >= 4,
                bytes.load(offset, UInt32.self, swapped: swapped) == RetisEvent.enterprise
            {
                packet.annotation = UnsafeRawBufferPointer(rebasing: body[offset + 4..<offset + length])
            }
            offset &+= (length &+ 3) & ~3
        }
    }

    private func readInterface(_ body: UnsafeRawBufferPointer) {
        guard body.count >= 8, interfaces.count < Self.interfaceLimit else {
            stop(
                body.count < 8
                    ? "an interface block without a link type" : "more interfaces than \(Self.interfaceLimit)")
            return
        }
        var interface = CapturedInterface(
            linkType: LinkType(rawValue: body.bytes.load(0, UInt16.self, swapped: swapped)),
            snapLength: body.bytes.load(4, UInt32.self, swapped: swapped))
        var offsetSeconds: Int64 = 0
        forEachOption(body, from: 8) { code, value in
            switch (code, value.count) {
            case (PcapNG.Option.interfaceName, 1...): interface.name = text(value)
            case (PcapNG.Option.interfaceDescription, 1...): interface.description = text(value)
            case (PcapNG.Option.interfaceMAC, 6): interface.mac = MACAddress(bytes: value)
            case (PcapNG.Option.interfaceTimeResolution, 1...):
                if let scale = TimestampScale(resolution: value[0]) {
                    interface.clock = scale
                } else {
                    interface.hasNoClock = true
                    let base = value[0] & 128 != 0 ? 2 : 10
                    complain(
                        "a time resolution of \(base)^-\(value[0] & 127) s, which 64 bits can't count: the times of interface "
                            + "\(interfaces.count) are not read")
                }
            case (PcapNG.Option.interfaceTimeOffset, 8):
                offsetSeconds = value.bytes.load(0, Int64.self, swapped: swapped)
            default: break
            }
        }
        interface.clock.offsetSeconds = offsetSeconds
        interface.name = interface.name ?? interface.description
        interfaces.append(interface)
        interfaceCount += 1
        isInNanoseconds = isInNanoseconds && interface.clock.isInNanoseconds && !interface.hasNoClock
    }

    private func readStatistics(_ body: UnsafeRawBufferPointer) -> CaptureStep? {
        guard body.count >= 12 else { return nil }
        droppedInterface = Int(body.bytes.load(0, UInt32.self, swapped: swapped))
        guard droppedInterface < interfaces.count else { return nil }
        var found = false
        forEachOption(body, from: 12) { code, value in
            guard code == PcapNG.Option.statisticsDropped, value.count == 8 else { return }
            dropped = value.bytes.load(0, UInt64.self, swapped: swapped)
            found = true
        }
        return found ? .dropped : nil
    }

    private func forEachOption(
        _ body: UnsafeRawBufferPointer, from start: Int, _ take: (UInt16, UnsafeRawBufferPointer) -> Void
    ) {
        var offset = start
        while offset + 4 <= body.count {
            let code = body.bytes.load(offset, UInt16.self, swapped: swapped)
            let length = Int(body.bytes.load(offset + 2, UInt16.self, swapped: swapped))
            offset += 4
            if code == PcapNG.Option.end { return }
            guard length <= body.count - offset else {
                complain("an option longer than its block")
                return
            }
            take(code, UnsafeRawBufferPointer(rebasing: body[offset..<offset + length]))
            offset += (length + 3) & ~3
        }
    }

    /// At most 256 bytes, without a final zero byte.
    private func text(_ value: UnsafeRawBufferPointer) -> String {
        String(decoding: value.prefix(256).prefix { $0 != 0 }, as: UTF8.self)
    }
}
