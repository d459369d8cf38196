internal import Glibc
internal import LinuxSystem
public import Wire

/// Frames that take the place of packets which wait in front of a device: as many bytes, in frames of their mean length.
///
/// They bear the type of local experiments (IEEE 802, 0x88b5) and go to the device's own address: whoever gets one of them drops it.
public struct WaitingPackets: Sendable, Codable, Hashable {
    public var device: String
    public var mac: MACAddress?
    /// Bytes of a frame, with its Ethernet header.
    public var frameBytes: Int
    public var count: Int
    /// Frames that a token bucket lets out before the first one waits.
    public var passing: Int

    /// No queue is filled by more frames.
    private static let limit = 10_000
    private static let headerBytes = 14

    /// Nil where nothing waits.
    ///
    /// - Parameter burst: of a token bucket, in bytes; else 0.
    init?(device: String, mac: MACAddress?, bytes: Int64, packets: Int64, burst: Int64, mtu: Int64) {
        guard bytes > 0, packets > 0, bytes < 1 << 40 else { return nil }
        let most = max(min(mtu, 65_000), 68) + Int64(Self.headerBytes)
        let length = max(min(bytes / packets, most), Int64(Self.headerBytes) + 1)
        self.device = device
        self.mac = mac
        frameBytes = Int(length)
        count = Int(min((bytes + length / 2) / length, Int64(Self.limit)))
        passing = Int(min(max(burst, 0) / length, Int64(Self.limit)))
    }

    /// Sends them in the network namespace of the calling thread, until as many wait or no more fit. Throws `SystemError`.
    public func send() throws {
        let descriptor = try retryingInterrupts("open a packet socket") {
            socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        defer { close(descriptor) }
        // Or the socket's own buffer is full before the queue.
        var size = Int32(clamping: (count + passing) * (frameBytes + 1024))
        for option in [SO_SNDBUF, SO_SNDBUFFORCE] {
            setsockopt(descriptor, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        // struct sockaddr_ll, in the layout of packet(7).
        var address = [UInt8](repeating: 0, count: 20)
        withUnsafeBytes(of: sa_family_t(AF_PACKET)) { address.replaceSubrange(0..<2, with: $0) }
        address.replaceSubrange(2..<4, with: [0x88, 0xb5])
        withUnsafeBytes(of: if_nametoindex(device)) { address.replaceSubrange(4..<8, with: $0) }
        address[11] = 6
        address.replaceSubrange(
            12..<18, with: (0..<6).map { UInt8(truncatingIfNeeded: (mac?.value ?? 0) >> (40 - 8 * UInt64($0))) })
        let frame = [UInt8](repeating: 0, count: frameBytes - Self.headerBytes)
        for _ in 0..<(count + passing) {
            let sent = address.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    sendto(descriptor, frame, frame.count, Int32(MSG_DONTWAIT), $0.baseAddress, socklen_t(bytes.count))
                }
            }
            if sent >= 0 || errno == EINTR { continue }
            // No room: neither in the queue nor, where it is full, for the socket.
            if errno == ENOBUFS || errno == EAGAIN { return }
            throw SystemError("fill the queue of \(device)", errorNumber: errno)
        }
    }
}
