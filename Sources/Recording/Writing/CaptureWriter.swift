public import Observations
internal import Network
internal import Wire

/// Writes packets into a plain pcapng file, as any capture program would: an interface block for each place, named
/// `namespace:device`, and the packets, sorted by time between two calls of `flush(before:)`.
///
/// ```swift
/// let writer = try CaptureWriter(path: "links.pcapng")
/// writer.add(bytes, at: time, originalLength: 74, point: point)
/// try writer.flush(before: watermark)
/// ```
public final class CaptureWriter {
    private struct Pending {
        var timeNanoseconds: Int64
        var originalLength: Int
        var point: VantagePoint
        var comments: [String]
        var bytes: [UInt8]
    }

    private let file: RecordingFile
    private var buffer = BlockBuffer()
    private var interfaces: [VantagePoint: UInt32] = [:]
    private var pending: [Pending] = []
    /// Packets written so far.
    public private(set) var packetCount = 0

    /// Creates the file; `-` is standard output. Throws `RecordingError`.
    public init(path: String) throws {
        file = try RecordingFile(path: path)
        buffer.sectionHeader()
        try writeOut()
    }

    /// - Parameters:
    ///   - originalLength: of the packet as it was, in bytes; `bytes` may be less.
    ///   - comments: what is said beside it.
    public func add(
        _ bytes: RawSpan, at timeNanoseconds: Int64, originalLength: Int, point: VantagePoint, comments: [String] = []
    ) {
        pending.append(
            Pending(
                timeNanoseconds: timeNanoseconds, originalLength: max(originalLength, bytes.byteCount), point: point,
                comments: comments, bytes: bytes.withUnsafeBytes { Array($0) }))
    }

    /// Writes what was added of before `timeNanoseconds`: nothing older may follow. `.max` writes all.
    public func flush(before timeNanoseconds: Int64 = .max) throws {
        // A stable sort: of one time, what came first stays first.
        let order = pending.indices.sorted {
            (pending[$0].timeNanoseconds, $0) < (pending[$1].timeNanoseconds, $1)
        }
        for index in order where pending[index].timeNanoseconds < timeNanoseconds || timeNanoseconds == .max {
            write(pending[index])
        }
        pending.removeAll { $0.timeNanoseconds < timeNanoseconds || timeNanoseconds == .max }
        try writeOut()
    }

    private func write(_ packet: Pending) {
        let place = packet.point.withoutDirection
        let interface = interfaces[place] ?? UInt32(interfaces.count)
        if interfaces[place] == nil {
            interfaces[place] = interface
            buffer.interface(name: place.interfaceName, linkType: place.recordedLinkType)
        }
        packet.bytes.withUnsafeBytes {
            buffer.packet(
                PacketBlock(
                    interface: interface, timeNanoseconds: packet.timeNanoseconds,
                    originalLength: packet.originalLength, point: packet.point, comments: packet.comments),
                $0)
        }
        packetCount += 1
    }

    private func writeOut() throws {
        guard !buffer.bytes.isEmpty else { return }
        try file.write(buffer.bytes)
        buffer.removeAll()
    }
}
