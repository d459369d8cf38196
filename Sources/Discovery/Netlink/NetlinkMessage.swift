internal import Network
internal import CNetlink
internal import LinuxSystem

/// One message of a datagram: what `struct nlmsghdr` says and the bytes after it.
struct NetlinkMessage {
    var type: UInt16
    var flags: UInt16
    var sequence: UInt32
    var payload: ArraySlice<UInt8>
}

/// A datagram that is no netlink.
struct MalformedNetlink: Error, CustomStringConvertible {
    var offset: Int
    var description: String { "malformed netlink message at byte \(offset)" }
}

extension NetlinkMessage {
    static let headerSize = 16

    /// Splits a datagram. Throws `MalformedNetlink` where a length leads outside of it.
    static func split(_ datagram: [UInt8]) throws -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var offset = 0
        while offset < datagram.count {
            let rest = datagram[offset...]
            guard let length = rest.hostUInt32(at: 0), let type = rest.hostUInt16(at: 4),
                let flags = rest.hostUInt16(at: 6), let sequence = rest.hostUInt32(at: 8),
                length >= headerSize, Int(length) <= rest.count
            else { throw MalformedNetlink(offset: offset) }
            messages.append(
                NetlinkMessage(
                    type: type, flags: flags, sequence: sequence,
                    payload: datagram[offset + headerSize..<offset + Int(length)]))
            offset += (Int(length) + 3) & ~3
        }
        return messages
    }

    /// The attributes after a fixed part of `size` bytes; empty where the message is shorter.
    func attributes(after size: Int) -> NetlinkAttributes {
        NetlinkAttributes(payload.dropFirst((size + 3) & ~3))
    }
}

/// The attributes (`struct nlattr`) in some bytes, in order; ends at the first that does not fit.
struct NetlinkAttributes: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> (type: Int, value: ArraySlice<UInt8>)? {
        guard let length = rest.hostUInt16(at: 0), let type = rest.hostUInt16(at: 2), length >= 4,
            Int(length) <= rest.count
        else { return nil }
        let value = rest[rest.startIndex + 4..<rest.startIndex + Int(length)]
        rest = rest.dropFirst((Int(length) + 3) & ~3)
        // The two highest bits say "nested" and "network order" (NLA_TYPE_MASK).
        return (Int(type & 0x3fff), value)
    }
}

extension ArraySlice<UInt8> {
    /// The byte at `offset` from the start of the slice; nil outside. Like the ones below.
    func byte(at offset: Int = 0) -> UInt8? {
        offset < count ? self[startIndex + offset] : nil
    }

    /// In the host's byte order, as netlink writes nearly everything.
    func hostUInt16(at offset: Int = 0) -> UInt16? {
        guard offset + 2 <= count else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    }

    func hostUInt32(at offset: Int = 0) -> UInt32? {
        guard offset + 4 <= count else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }

    func hostUInt64(at offset: Int = 0) -> UInt64? {
        guard offset + 8 <= count else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    func hostInt32(at offset: Int = 0) -> Int32? {
        hostUInt32(at: offset).map { Int32(bitPattern: $0) }
    }

    /// All of it as numbers of 32 bits; what is left over at the end is not read.
    var hostUInt32s: [UInt32] {
        stride(from: 0, to: count & ~3, by: 4).map { hostUInt32(at: $0) ?? 0 }
    }

    func networkUInt16(at offset: Int = 0) -> UInt16? {
        hostUInt16(at: offset).map { UInt16(bigEndian: $0) }
    }

    /// A name that ends at its first NUL or with the attribute.
    var text: String {
        String(kernelName: prefix { $0 != 0 })
    }
}
