internal import Observations
internal import Wire

/// One packet of a capture file: its bytes are those of the file's window until the next one is asked for.
struct CapturedPacket {
    var interface = 0
    var timeNanoseconds: Int64 = 0
    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    var originalLength: UInt32 = 0
    var direction: VantagePoint.Direction?
    /// The fields that our own recordings add.
    var fields = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What retis says of the packet, or a comment.
    var annotation = UnsafeRawBufferPointer(start: nil, count: 0)

    /// Numbers what tells a packet's place apart: the interface and the direction.
    @inline(__always)
    var slot: Int { interface * 3 + (direction == .in ? 1 : direction == .out ? 2 : 0) }

    /// Takes the bytes; direction and fields are still to come.
    @inline(__always)
    mutating func take(_ body: UnsafeRawBufferPointer, at start: Int, captured: Int, original: UInt32) {
        bytes = UnsafeRawBufferPointer(rebasing: body[start..<start + captured])
        originalLength = original
        direction = nil
        fields = UnsafeRawBufferPointer(start: nil, count: 0)
        annotation = UnsafeRawBufferPointer(start: nil, count: 0)
    }
}

/// What a capture file says of one of its interfaces.
struct CapturedInterface {
    var linkType: LinkType
    var snapLength: UInt32 = 0
    var name: String?
    var description: String?
    var mac: MACAddress?
    var clock = TimestampScale()
    /// Its packets' times can't be told.
    var hasNoClock = false
}

/// Timestamps of a pcapng interface, in nanoseconds (if_tsresol, if_tsoffset).
struct TimestampScale: Equatable {
    /// Ticks a second: a power of ten or of two.
    var ticksPerSecond: UInt64 = 1_000_000
    var offsetSeconds: Int64 = 0

    init() {}

    /// `resolution` is the option's byte: the exponent, of two where the upper bit is set. Nil beyond 64 bits.
    init?(resolution: UInt8) {
        let exponent = UInt64(resolution & 127)
        if resolution & 128 != 0 {
            guard exponent < 64 else { return nil }
            ticksPerSecond = 1 << exponent
        } else {
            guard exponent < 20 else { return nil }
            ticksPerSecond = (0..<exponent).reduce(1) { value, _ in value * 10 }
        }
    }

    var isInNanoseconds: Bool { ticksPerSecond == 1_000_000_000 && offsetSeconds == 0 }

    @inline(__always)
    func nanoseconds(_ ticks: UInt64) -> Int64 {
        if isInNanoseconds { return Int64(bitPattern: ticks) }
        return scaled(ticks)
    }

    private func scaled(_ ticks: UInt64) -> Int64 {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: ticksPerSecond)
        let product = rest.multipliedFullWidth(by: 1_000_000_000)
        let fraction = ticksPerSecond.dividingFullWidth(product).quotient
        return (Int64(truncatingIfNeeded: seconds) &+ offsetSeconds) &* 1_000_000_000
            &+ Int64(truncatingIfNeeded: fraction)
    }
}

/// What a capture file gives next.
enum CaptureStep {
    /// A packet.
    case packet
    /// A custom block of ours: `record…` holds it.
    case record
    /// Statistics of an interface: `droppedInterface`, `dropped`.
    case dropped
    case end
}

/// A capture file in either format, block by block.
///
/// What contradicts itself inside a block whose length holds is noted and skipped; where the file's structure itself is
/// broken, reading ends there. Nothing is believed: lengths are bounded before anything is allocated.
protocol CaptureFile: AnyObject {
    var source: ByteSource { get }
    var damage: CaptureDamage { get }
    var interfaces: [CapturedInterface] { get }
    /// Reads on; where a packet comes, it is in `packet`, its bytes valid until the next call.
    func next(_ packet: inout CapturedPacket) -> CaptureStep
}

/// What was found wrong with one file.
struct CaptureDamage {
    let path: String
    /// The first few.
    private(set) var errors: [RecordingError] = []
    private(set) var count = 0
    static let limit = 16

    init(path: String) { self.path = path }

    mutating func note(_ offset: Int, _ reason: String) {
        count += 1
        if errors.count < Self.limit { errors.append(RecordingError(path: path, offset: offset, reason: reason)) }
    }
}
