/// A netlink message: `struct nlmsghdr` and what stands behind it, in host byte order (netlink(7)).
struct NetlinkMessage {
    var type: UInt16
    var flags: UInt16
    var sequence: UInt32
    var payload: ArraySlice<UInt8>

    static let headerLength = 16
    static let error: UInt16 = 2
    static let done: UInt16 = 3

    /// The messages of one datagram; ends at the first that contradicts itself.
    static func all(in datagram: ArraySlice<UInt8>) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var rest = datagram
        while rest.count >= headerLength {
            let length = Int(rest.hostUInt32(at: 0))
            guard length >= headerLength, length <= rest.count else { break }
            messages.append(
                NetlinkMessage(
                    type: rest.hostUInt16(at: 4), flags: rest.hostUInt16(at: 6), sequence: rest.hostUInt32(at: 8),
                    payload: rest.prefix(length).dropFirst(headerLength)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return messages
    }

    /// errno of an NLMSG_ERROR; 0 for an acknowledgement.
    var errorNumber: Int32 { 0 &- Int32(bitPattern: payload.hostUInt32(at: 0)) }
}

/// The attributes of a netlink message (`struct rtattr`, `struct nlattr`), by type without its flag bits.
struct NetlinkAttributes {
    private var found: [(type: UInt16, value: ArraySlice<UInt8>)] = []

    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.count >= 4 {
            let length = Int(rest.hostUInt16(at: 0))
            guard length >= 4, length <= rest.count else { break }
            found.append((rest.hostUInt16(at: 2) & 0x3fff, rest.prefix(length).dropFirst(4)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    /// The value of the first attribute of a type.
    subscript(type: Int) -> ArraySlice<UInt8>? {
        found.first { $0.type == UInt16(truncatingIfNeeded: type) }?.value
    }

    func nested(_ type: Int) -> NetlinkAttributes? { self[type].map { NetlinkAttributes($0) } }
}

extension ArraySlice<UInt8> {
    /// A byte at an offset from the slice's start; 0 behind its end.
    func byte(at offset: Int) -> UInt8 { offset < count ? self[startIndex + offset] : 0 }
    func networkUInt16(at offset: Int) -> UInt16 { UInt16(byte(at: offset)) << 8 | UInt16(byte(at: offset + 1)) }
    func networkUInt32(at offset: Int) -> UInt32 {
        UInt32(networkUInt16(at: offset)) << 16 | UInt32(networkUInt16(at: offset + 2))
    }
    // Reading a network-order value's bytes as host order: on a little-endian machine that swaps them.
    func hostUInt16(at offset: Int) -> UInt16 { UInt16(bigEndian: networkUInt16(at: offset)) }
    func hostUInt32(at offset: Int) -> UInt32 { UInt32(bigEndian: networkUInt32(at: offset)) }
}

/// A netlink request under construction.
struct NetlinkRequest {
    private(set) var bytes: [UInt8]

    /// - Parameter payload: the family header behind `struct nlmsghdr`, a multiple of four bytes.
    init(type: UInt16, flags: UInt16, sequence: UInt32, payload: [UInt8]) {
        bytes = [0, 0, 0, 0]
        append(host: type)
        append(host: flags)
        append(host: sequence)
        append(host: UInt32(0))
        bytes += payload
        setLength()
    }

    mutating func attribute(_ type: Int, _ value: [UInt8]) {
        append(host: UInt16(4 + value.count))
        append(host: UInt16(truncatingIfNeeded: type))
        bytes += value
        while bytes.count % 4 != 0 { bytes.append(0) }
        setLength()
    }

    mutating func attribute(_ type: Int, host value: UInt32) {
        attribute(type, withUnsafeBytes(of: value) { Array($0) })
    }

    /// Sets the sequence number.
    mutating func number(_ sequence: UInt32) {
        withUnsafeBytes(of: sequence) { bytes.replaceSubrange(8..<12, with: $0) }
    }

    private mutating func append(host value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes += $0 }
    }

    private mutating func setLength() {
        withUnsafeBytes(of: UInt32(bytes.count)) { bytes.replaceSubrange(0..<4, with: $0) }
    }
}
