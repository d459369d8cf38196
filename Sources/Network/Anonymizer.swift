package import Wire

/// Replaces addresses so that prefixes stay: two addresses that share their first n bits share the first n bits of
/// their replacements, and no more.
///
/// The construction is Crypto-PAn's (Xu, Fan, Ammar and Moon, 2002): each bit is flipped or not by a pseudorandom
/// function of the bits before it. The function is SipHash-2-4 under a random key, used for one recording or snapshot and
/// then forgotten. Two things stay as they are, because walks rest on them:
///
/// - special blocks (private, loopback, link-local, multicast, …) map onto themselves, so their leading bits, and those
///   that other addresses share with them, are kept;
/// - an octet of zero at the end of an IPv4 address, and host bits of zero behind a prefix: networks stay networks.
///
/// MAC addresses are replaced by a keyed hash; broadcast, the multicast prefixes and the group bit stay. Labels, which
/// could be guessed from a known payload, are replaced by a keyed hash as well: equal ones stay equal.
///
/// Names (of namespaces, devices, tables, containers) are kept; so is what else stands in a rule's text. The order of two
/// addresses is kept only where it was asked for (`keepOrder`).
package struct Anonymizer {
    private let key: (UInt64, UInt64)
    private var ipv4: [UInt32: UInt32] = [:]
    private var ipv6: [IPAddress: IPAddress] = [:]
    private static let cacheLimit = 1 << 16
    /// Bits that are never flipped, each by its place and the bits before it.
    private var straight: Set<BitPlace> = []

    private struct BitPlace: Hashable {
        var isIPv4: Bool
        var bit: Int
        var high: UInt64
        var low: UInt64
    }

    package init(key: (UInt64, UInt64)) { self.key = key }

    // MARK: Addresses

    /// Blocks that map onto themselves: first bits and how many.
    private static let ipv4Blocks: [(UInt32, Int)] = [
        (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0x7f00_0000, 8), (0xa9fe_0000, 16), (0xac10_0000, 12),
        (0xc0a8_0000, 16), (0xe000_0000, 3),
    ]
    private static let ipv6Blocks: [(UInt64, Int)] = [
        (0, 64), (0x0064_ff9b_0000_0000, 64), (0xfc00_0000_0000_0000, 7), (0xfe80_0000_0000_0000, 64),
        (0xff00_0000_0000_0000, 8),
    ]

    /// Loopback, unspecified, broadcast and multicast addresses say nothing about anybody.
    private static func isKept(_ address: IPAddress) -> Bool {
        address.isUnspecified || address.isLoopback || address.isMulticast
            || address.isIPv4 && (address.low == 0xffff_ffff || address.low >> 24 == 0)
    }

    package mutating func anonymize(_ address: IPAddress) -> IPAddress {
        if Self.isKept(address) { return address }
        if address.isIPv4 { return IPAddress(ipv4: anonymize(UInt32(truncatingIfNeeded: address.low))) }
        if address.high == 0, address.low >> 32 == 0xffff {
            let mapped = anonymize(UInt32(truncatingIfNeeded: address.low))
            return IPAddress(high: 0, low: 0xffff << 32 | UInt64(mapped))
        }
        if let known = ipv6[address] { return known }
        if ipv6.count >= Self.cacheLimit { ipv6.removeAll() }
        var flips: (high: UInt64, low: UInt64) = (0, 0)
        for bit in 0..<64 {
            let before = bit == 0 ? 0 : address.high >> UInt64(64 - bit)
            let isFixed =
                Self.ipv6Blocks.contains { bit < $0.1 && (bit == 0 || $0.0 >> UInt64(64 - bit) == before) }
                || straight.contains(BitPlace(isIPv4: false, bit: bit, high: before, low: 0))
            if !isFixed { flips.high |= flip(6, bit, before, 0) << UInt64(63 - bit) }
        }
        for bit in 0..<64 {
            let before = bit == 0 ? 0 : address.low >> UInt64(64 - bit)
            if straight.contains(BitPlace(isIPv4: false, bit: 64 + bit, high: address.high, low: before)) { continue }
            flips.low |= flip(6, 64 + bit, address.high, before) << UInt64(63 - bit)
        }
        let result = IPAddress(high: address.high ^ flips.high, low: address.low ^ flips.low)
        ipv6[address] = result
        return result
    }

    private mutating func anonymize(_ address: UInt32) -> UInt32 {
        if let known = ipv4[address] { return known }
        if ipv4.count >= Self.cacheLimit { ipv4.removeAll() }
        var flips: UInt32 = 0
        for bit in 0..<32 {
            let before = bit == 0 ? 0 : address >> UInt32(32 - bit)
            let isFixed =
                Self.ipv4Blocks.contains { bit < $0.1 && (bit == 0 || $0.0 >> UInt32(32 - bit) == before) }
                || bit >= 24 && before & (1 << UInt32(bit - 24) - 1) == 0
                || straight.contains(BitPlace(isIPv4: true, bit: bit, high: UInt64(before), low: 0))
            if !isFixed { flips |= UInt32(flip(4, bit, UInt64(before), 0)) << UInt32(31 - bit) }
        }
        ipv4[address] = address ^ flips
        return address ^ flips
    }

    /// Host bits that are zero stay so.
    package mutating func anonymize(_ prefix: IPPrefix) -> IPPrefix {
        var result = prefix
        result.address = anonymize(prefix.address)
        return prefix.network == prefix ? result.network : result
    }

    /// Makes the replacements of the addresses from `first` to `last` a range from one's to the other's, and those of all
    /// others lie outside of it. It gives away the bits of both that come behind the first in which they differ, and
    /// nothing of addresses between them. To be called before anything is replaced.
    package mutating func keepOrder(from first: IPAddress, to last: IPAddress) {
        guard first.family == last.family, first != last else { return }
        ipv4.removeAll()
        ipv6.removeAll()
        let width = first.bitWidth
        func bits(_ address: IPAddress, before bit: Int) -> (high: UInt64, low: UInt64) {
            if address.isIPv4 { return (bit == 0 ? 0 : address.low >> UInt64(32 - bit), 0) }
            if bit <= 64 { return (bit == 0 ? 0 : address.high >> UInt64(64 - bit), 0) }
            return (address.high, address.low >> UInt64(128 - bit))
        }
        var common = 0
        while common < width, bits(first, before: common + 1) == bits(last, before: common + 1) { common += 1 }
        for address in [first, last] {
            for bit in common..<width {
                let before = bits(address, before: bit)
                straight.insert(
                    BitPlace(isIPv4: address.isIPv4, bit: bit, high: before.high, low: before.low))
            }
        }
    }

    /// The same for each range that stands in a text: `192.0.2.5-192.0.2.9`, `2001:db8::1-2001:db8::9`.
    package mutating func keepOrderOfRanges(in text: String) {
        guard text.utf8.contains(UInt8(ascii: "-")) else { return }
        var previous: Substring?
        // In a translation ports follow, and IPv6 addresses stand in brackets.
        for part in text.split(separator: "-", omittingEmptySubsequences: false) {
            let isAddress: (Character) -> Bool = { $0.isHexDigit || $0 == "." || $0 == ":" }
            let head = part.drop { $0 == "[" }.prefix(while: isAddress)
            if let previous, let first = IPAddress(previous), let last = Self.address(head) {
                keepOrder(from: first, to: last)
            }
            var tail = part
            if tail.last == "]" { tail = tail.dropLast() }
            let start = tail.lastIndex { !isAddress($0) }.map { tail.index(after: $0) } ?? tail.startIndex
            previous = tail[start...]
        }
    }

    /// An address, or one of IPv4 with a port behind it.
    private static func address(_ text: Substring) -> IPAddress? {
        IPAddress(text) ?? text.lastIndex(of: ":").flatMap { IPAddress(text[..<$0]) }
    }

    private func flip(_ family: UInt64, _ bit: Int, _ high: UInt64, _ low: UInt64) -> UInt64 {
        var hash = SipHash(key: key)
        hash.mix(family << 32 | UInt64(bit))
        hash.mix(high)
        hash.mix(low)
        return hash.finished() & 1
    }

    package func anonymize(_ address: MACAddress) -> MACAddress {
        if address.isZero || address.isBroadcast { return address }
        var hash = SipHash(key: key)
        hash.mix(0x4d41_43)
        hash.mix(address.value)
        let value = hash.finished()
        switch address.value >> 24 {
        // IPv4 multicast (RFC 1112) and the IEEE's own groups, which name no host.
        case 0x01_005e, 0x01_80c2: return address
        default: break
        }
        // IPv6 multicast (RFC 2464): the low bits are those of an address.
        if address.value >> 32 == 0x3333 {
            return MACAddress(value: 0x3333 << 32 | value & 0xffff_ffff)
        }
        // The group bit stays; every replacement is locally administered.
        let bits: UInt64 = 0x0300_0000_0000
        return MACAddress(value: value & ~bits & 0xffff_ffff_ffff | 0x0200_0000_0000 | address.value & 0x0100_0000_0000)
    }

    package func anonymize(label: UInt64) -> UInt64 {
        guard label != 0 else { return 0 }
        var hash = SipHash(key: key)
        hash.mix(0x6c61_6265_6c)
        hash.mix(label)
        return max(1, hash.finished())
    }

    package mutating func anonymize(_ headers: inout PacketHeaders) {
        headers.macSource = anonymize(headers.macSource)
        headers.macDestination = anonymize(headers.macDestination)
        headers.neighbourMAC = anonymize(headers.neighbourMAC)
        headers.source = anonymize(headers.source)
        headers.destination = anonymize(headers.destination)
        headers.neighbourTarget = anonymize(headers.neighbourTarget)
        headers.quotedSource = anonymize(headers.quotedSource)
        headers.quotedDestination = anonymize(headers.quotedDestination)
        headers.tunnelSource = anonymize(headers.tunnelSource)
        headers.tunnelDestination = anonymize(headers.tunnelDestination)
        headers.label = anonymize(label: headers.label)
        headers.quotedLabel = anonymize(label: headers.quotedLabel)
        headers.datagramStart = anonymize(label: headers.datagramStart)
        // Says when a host was started (RFC 7323).
        headers.tcpTimestamp = 0
        headers.flags.remove(.hasTCPTimestamp)
    }

    // MARK: Text

    /// Replaces every address, prefix and MAC address that stands in a text.
    package mutating func anonymize(_ text: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            guard Self.isAddressByte(bytes[index]) else {
                result.append(bytes[index])
                index += 1
                continue
            }
            var end = index
            while end < bytes.count, Self.isAddressByte(bytes[end]) { end += 1 }
            result += token(bytes[index..<end])
            index = end
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Letters behind f end a token nowhere: they make it a word.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func token(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard bytes.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }) else { return Array(bytes) }
        let text = String(decoding: bytes, as: UTF8.self)
        if let replaced = replacement(text) { return Array(replaced.utf8) }
        // A name before a colon (`host:192.0.2.1`), a port or a sentence's end behind the address, `ADDRESS/MASK`.
        for separator in ["/", ":", "."] as [Character] {
            if let last = text.lastIndex(of: separator), let head = replacement(String(text[..<last])) {
                let tail = String(text[text.index(after: last)...])
                return Array((head + String(separator) + (replacement(tail) ?? tail)).utf8)
            }
            if let first = text.firstIndex(of: separator),
                let tail = replacement(String(text[text.index(after: first)...]))
            {
                return Array((text[...first] + tail).utf8)
            }
        }
        return Array(bytes)
    }

    private mutating func replacement(_ text: String) -> String? {
        if let address = IPAddress(text) {
            return Self.isMask(address) ? text : anonymize(address).description
        }
        if text.contains("/"), let prefix = IPPrefix(text) { return anonymize(prefix).description }
        if let address = MACAddress(text.lowercased()) { return anonymize(address).description }
        return nil
    }

    /// `255.255.240.0`, as `ADDRESS/MASK` carries it.
    private static func isMask(_ address: IPAddress) -> Bool {
        guard address.isIPv4, address.low >> 31 == 1 else { return false }
        let host = ~UInt32(truncatingIfNeeded: address.low)
        return host & (host &+ 1) == 0 && address.low >> 24 == 255
    }
}
