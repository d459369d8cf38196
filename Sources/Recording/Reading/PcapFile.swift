internal import Observations
internal import Wire

/// The classic format (draft-ietf-opsawg-pcap; pcap-savefile(5)): micro- or nanoseconds, either byte order, and
/// Kuznetzov's variant, whose packets name their interface and direction.
final class PcapFile: CaptureFile {
    let source: ByteSource
    private(set) var damage: CaptureDamage
    private(set) var interfaces: [CapturedInterface] = []

    private let swapped: Bool
    private let nanosecondsPerTick: Int64
    private let headerLength: Int
    private var pending = 0
    private var isOver = false

    /// libpcap's own bound (MAXIMUM_SNAPLEN of most link types).
    private static let packetLimit = 262_144

    /// Nil where the magic is none of this format's.
    init?(_ source: ByteSource) {
        self.source = source
        damage = CaptureDamage(path: source.path)
        guard source.require(4) else { return nil }
        let magic = source.window.bytes.load(0, UInt32.self, swapped: false)
        switch magic {
        case 0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34: swapped = false
        case 0xd4c3_b2a1, 0x4d3c_b2a1, 0x34cd_b2a1: swapped = true
        default: return nil
        }
        let value = swapped ? magic.byteSwapped : magic
        nanosecondsPerTick = value == 0xa1b2_3c4d ? 1 : 1000
        headerLength = value == 0xa1b2_cd34 ? 24 : 16
        guard source.require(24) else {
            damage.note(0, "the file header is cut off: \(source.available) of 24 bytes")
            isOver = true
            return
        }
        let window = source.window.bytes
        // The upper half says how long the frame check sequence is.
        let linkType = LinkType(rawValue: window.load(swapped ? 22 : 20, UInt16.self, swapped: swapped))
        interfaces = [CapturedInterface(linkType: linkType, snapLength: window.load(16, UInt32.self, swapped: swapped))]
        source.consume(24)
    }

    func next(_ packet: inout CapturedPacket) -> CaptureStep {
        if pending > 0 {
            source.consume(pending)
            pending = 0
        }
        guard !isOver else { return .end }
        guard source.require(headerLength) else {
            if let reason = source.failure {
                stop(reason)
            } else if source.available > 0 {
                stop("the file ends inside a packet header")
            }
            return .end
        }
        let header = source.window.bytes
        let seconds = Int64(header.load(0, UInt32.self, swapped: swapped))
        let fraction = Int64(header.load(4, UInt32.self, swapped: swapped))
        let captured = Int(header.load(8, UInt32.self, swapped: swapped))
        let original = header.load(12, UInt32.self, swapped: swapped)
        // Kuznetzov: ifindex, protocol, packet type.
        let isOutgoing = headerLength == 24 ? header.load(22, UInt8.self, swapped: false) == 4 : nil
        guard captured <= Self.packetLimit else {
            stop("a packet of \(captured) bytes is longer than any capture's")
            return .end
        }
        guard source.require(headerLength + captured) else {
            stop(
                source.failure
                    ?? "the file ends inside a packet: \(source.available - headerLength) of \(captured) bytes")
            return .end
        }
        pending = headerLength + captured
        packet.timeNanoseconds = seconds * 1_000_000_000 + fraction * nanosecondsPerTick
        packet.bytes = UnsafeRawBufferPointer(rebasing: source.window[headerLength..<pending])
        packet.originalLength = original
        packet.direction = isOutgoing.map { $0 ? .out : .in }
        return .packet
    }

    private func stop(_ reason: String) {
        damage.note(source.offset, reason)
        isOver = true
    }
}
