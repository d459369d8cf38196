/// The hash behind `PacketHeaders.label`: wyhash's multiply-and-fold (Wang Yi, wyhash final version 4) over the
/// invariant fields, without a seed. The value is part of the recording format: the same packet has the same label
/// on every machine and in every version of this schema.
///
/// Cost: one 64 by 64 bit multiplication for each 16 bytes.
struct LabelHash {
    /// How many payload bytes go into a label. A capture of 192 bytes holds them even behind Ethernet, an IPv6
    /// VXLAN tunnel and an inner IPv6 TCP header with timestamps (14+40+8+8+14+40+32+32 = 188).
    static let payloadBytes = 32

    private var state: UInt64 = 0x2d35_8dcc_aa6c_78a5

    @inline(__always)
    init() {}

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    mutating func mix(_ first: UInt64, _ second: UInt64) {
        state = Self.fold(first ^ 0x8bb8_4b93_962e_acc9, second ^ state)
    }

    @inline(__always)
    mutating func mix(_ address: IPAddress) {
        mix(address.high, address.low)
    }

    /// Mixes the first bytes of the `length` payload bytes at `offset`.
    ///
    /// - Returns: false where the capture ended before them, so that a longer capture gives another label.
    @inline(__always)
    mutating func mixPayload(_ bytes: RawSpan, at offset: Int, length: Int) -> Bool {
        let wanted = min(Self.payloadBytes, length)
        let present = min(wanted, bytes.byteCount &- offset)
        if present > 0 {
            mix(
                bytes.littleEndianWord(offset, count: present),
                bytes.littleEndianWord(offset &+ 8, count: present &- 8))
        }
        if present > 16 {
            mix(
                bytes.littleEndianWord(offset &+ 16, count: present &- 16),
                bytes.littleEndianWord(offset &+ 24, count: present &- 24))
        }
        return present >= wanted || wanted <= 0
    }

    /// Never 0, which stands for "no label".
    @inline(__always)
    var label: UInt64 {
        let value = Self.fold(state ^ 0x4b33_a62e_d433_d4a3, 0x4d5a_2da5_1de1_aa47)
        return value == 0 ? 1 : value
    }
}
