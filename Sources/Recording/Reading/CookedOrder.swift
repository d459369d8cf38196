internal import Observations
internal import Wire

/// What a cooked capture (device `any`) tells by its order: a packet that comes in mostly keeps its time stamp from a
/// bridge's port to the bridge, so that only the order says by which it came first.
///
/// Version 1 of the header does not say at which device a packet was seen: it is the same packet, at another one, where
/// all of it is the same and hardly any time has passed.
struct CookedOrder {
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

    private var sequence: UInt32 = 0
    private var frames: [Frame] = []
    private var nextFrame = 0

    /// The number of the packet at hand.
    mutating func next() -> UInt32 {
        sequence &+= 1
        return sequence
    }

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
            $0.hash == frame.hash && timeNanoseconds - $0.timeNanoseconds <= reach
                && timeNanoseconds >= $0.timeNanoseconds
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
