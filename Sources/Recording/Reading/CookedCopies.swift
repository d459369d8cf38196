internal import Observations
internal import Wire

/// Packets that a cooked capture (device `any`) shows at several devices one after the other, such as a bridge and its
/// port. Version 1 of the header does not say at which: it is the same packet, at another one, where all of it is the same
/// and hardly any time has passed.
struct CookedCopies {
    /// So many frames are remembered.
    private static let reach = 32
    /// Nanoseconds from a device to the one above or below it.
    private static let passage: Int64 = 100_000
    /// The same of packets of which two could be alike to the last bit.
    private static let shortPassage: Int64 = 20_000

    private struct Frame {
        var hash: UInt64
        var timeNanoseconds: Int64
        var copy: Int
    }

    private var frames: [Frame] = []
    private var nextFrame = 0

    /// At how many devices the packet at hand was seen so far, this one with them.
    mutating func copy(
        _ bytes: UnsafeRawBufferPointer, _ header: CookedHeader, timeNanoseconds: Int64
    ) -> Int {
        var hasher = Hasher()
        hasher.combine(header.isOutgoing)
        hasher.combine(header.address)
        let packet = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(header.headerLength))
        hasher.combine(bytes: packet)
        var frame = Frame(
            hash: UInt64(bitPattern: Int64(hasher.finalize())), timeNanoseconds: timeNanoseconds, copy: 1)
        let reach = PacketTwins.areTellable(packet, header.networkProtocol) ? Self.passage : Self.shortPassage
        let known = frames.filter {
            $0.hash == frame.hash && timeNanoseconds >= $0.timeNanoseconds
                && (timeNanoseconds &- $0.timeNanoseconds).magnitude <= UInt64(reach)
        }
        if let last = known.max(by: { $0.copy < $1.copy }) { frame.copy = last.copy + 1 }
        if frames.count < Self.reach {
            frames.append(frame)
        } else {
            frames[nextFrame] = frame
            nextFrame = (nextFrame + 1) % Self.reach
        }
        return frame.copy
    }
}
