/// Link-layer headers. `wireEnd` is everywhere the offset just behind the packet as it was on the wire, which may
/// lie behind the captured bytes.
extension PacketHeaders {
    /// Tunnels inside tunnels are followed this deep; deeper ones count as payload.
    static let maximumTunnels = 4
    /// In place of the number of tunnels: an ICMP error's quoted packet, whose tunnels stay closed and whose own
    /// quotations stay unread.
    static let inQuotation = maximumTunnels + 1
    /// Tags between a frame's addresses and what it carries; more are taken for malformed.
    static let maximumTags = 32

    /// Whether `count` bytes of a header stand at `offset`; notes why not where they do not.
    @inline(__always)
    mutating func require(_ count: Int, at offset: Int, in bytes: RawSpan, end: Int) -> Bool {
        if bytes.holds(count, at: offset) { return true }
        flags.insert(offset &+ count > end ? .malformed : .truncated)
        return false
    }

    mutating func readLink(_ bytes: RawSpan, linkType: LinkType, wireEnd: Int) {
        switch linkType {
        case .ethernet:
            readEthernet(bytes, at: 0, wireEnd: wireEnd, tunnels: 0)
        case .linuxSLL, .linuxSLL2:
            readCooked(bytes, linkType: linkType, wireEnd: wireEnd)
        case .raw, .ipv4, .ipv6, .bsdRaw, .openBSDRaw:
            readIP(bytes, at: 0, wireEnd: wireEnd, tunnels: 0)
        case .null, .loop:
            readLoopback(bytes, wireEnd: wireEnd)
        case .nflog:
            readNFLog(bytes, wireEnd: wireEnd)
        default:
            readRareLink(bytes, linkType: linkType, wireEnd: wireEnd)
        }
    }

    @inline(never)
    private mutating func readRareLink(_ bytes: RawSpan, linkType: LinkType, wireEnd: Int) {
        switch linkType {
        case .ppp, .pppHDLC:
            readFramedPPP(bytes, at: 0, end: wireEnd)
        case .pppd, .pppWithDirection:
            readFramedPPP(bytes, at: 1, end: wireEnd)
        case .pppEther:
            readPPPoE(bytes, at: 0, wireEnd: wireEnd, tunnels: 0)
        case .ciscoHDLC:
            readCiscoHDLC(bytes, at: 0, end: wireEnd)
        case .frameRelay:
            readFrameRelay(bytes, end: wireEnd)
        case .mpls:
            etherType = 0x8847
            readMPLS(bytes, at: 0, wireEnd: wireEnd, tunnels: 0)
        case .wlan, .wlanRadiotap, .wlanPrism, .wlanAVS:
            readWirelessCapture(bytes, linkType: linkType, wireEnd: wireEnd)
        case .dsaBroadcomPrepended:
            readEthernet(bytes, at: 4, wireEnd: wireEnd, tunnels: 0)
        case .dsaMarvellEtherType:
            // The tag has an EtherType, by which it is known.
            readEthernet(bytes, at: 0, wireEnd: wireEnd, tunnels: 0)
        case .dsaMarvell:
            readEthernet(bytes, at: 0, wireEnd: wireEnd, switchTag: .marvell)
        case .dsaBroadcom:
            readEthernet(bytes, at: 0, wireEnd: wireEnd, switchTag: .broadcom)
        default:
            break
        }
    }

    /// IEEE 802.3: destination, source, type.
    mutating func readEthernet(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        guard require(14, at: offset, in: bytes, end: wireEnd) else { return }
        macDestination = bytes.macAddress(offset)
        macSource = bytes.macAddress(offset &+ 6)
        flags.insert([.hasMACSource, .hasMACDestination])
        readNetwork(
            bytes, at: offset &+ 14, wireEnd: wireEnd, etherType: bytes.u16(offset &+ 12), tunnels: tunnels)
    }

    /// What stands behind an EtherType.
    mutating func readNetwork(
        _ bytes: RawSpan, at offset: Int, wireEnd: Int, etherType type: UInt16, tunnels: Int
    ) {
        etherType = type
        networkOffset = UInt16(clamping: offset)
        switch type {
        case 0x0800: readIPv4(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels)
        case 0x86dd: readIPv6(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels)
        case 0x0806: readARP(bytes, at: offset, wireEnd: wireEnd)
        default: readTagged(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels)
        }
    }

    /// The label of a frame that is neither ARP nor IP.
    ///
    /// Not the length: a frame may be padded on one link and not on the next.
    mutating func labelFrame(_ bytes: RawSpan, at offset: Int, wireEnd: Int) {
        guard bytes.byteCount > offset else { return }
        var hash = LabelHash()
        hash.mix(UInt64(etherType), 0)
        if !hash.mixPayload(bytes, at: offset, length: wireEnd &- offset) { flags.insert(.labelCutShort) }
        label = hash.label
    }

    private mutating func readCooked(_ bytes: RawSpan, linkType: LinkType, wireEnd: Int) {
        guard let header = CookedHeader(bytes, linkType: linkType) else {
            flags.insert(.truncated)
            return
        }
        if let address = header.address {
            macSource = address
            flags.insert(.hasMACSource)
        }
        // For other hardware (netlink's own, 824) the protocol is no EtherType.
        guard header.hardwareType != 824 else { return }
        if header.networkProtocol == 4 {
            // ETH_P_802_2 (linux/if_ether.h): the length is no longer there.
            etherType = 4
            readLLC(bytes, at: header.headerLength, wireEnd: wireEnd, tunnels: 0)
            return
        }
        readNetwork(bytes, at: header.headerLength, wireEnd: wireEnd, etherType: header.networkProtocol, tunnels: 0)
    }

    /// The address family of the machine that wrote it: 2 is IPv4 everywhere; IPv6 is 10 on Linux, 24, 28 and 30 on
    /// the BSDs and macOS.
    private mutating func readLoopback(_ bytes: RawSpan, wireEnd: Int) {
        guard require(4, at: 0, in: bytes, end: wireEnd) else { return }
        let value = bytes.u32(0)
        networkOffset = 4
        switch value > 0xffff ? value.byteSwapped : value {
        case 2:
            etherType = 0x0800
            readIPv4(bytes, at: 4, wireEnd: wireEnd, tunnels: 0)
        case 10, 24, 28, 30:
            etherType = 0x86dd
            readIPv6(bytes, at: 4, wireEnd: wireEnd, tunnels: 0)
        default:
            break
        }
    }

    private mutating func readNFLog(_ bytes: RawSpan, wireEnd: Int) {
        guard let message = NFLOGMessage(bytes) else {
            flags.insert(bytes.byteCount < NFLOGMessage.headerLength ? .truncated : .malformed)
            return
        }
        if let address = message.sourceAddress {
            macSource = address
            flags.insert(.hasMACSource)
        }
        if let address = message.destinationAddress {
            macDestination = address
            flags.insert(.hasMACDestination)
        }
        let payload = message.payload
        if payload.isEmpty {
            if message.isCutShort || bytes.byteCount < wireEnd { flags.insert(.truncated) }
            length = 0
            return
        }
        // The bytes around the payload are not part of the packet: its length counts from its own first byte.
        let packet = bytes.extracting(payload)
        let end = message.isCutShort ? max(message.payloadLength, packet.byteCount) : packet.byteCount
        length = UInt32(truncatingIfNeeded: end)
        switch message.hardwareProtocol {
        case 0: readIP(packet, at: 0, wireEnd: end, tunnels: 0)
        case let type: readNetwork(packet, at: 0, wireEnd: end, etherType: type, tunnels: 0)
        }
        networkOffset = UInt16(clamping: Int(networkOffset) &+ payload.lowerBound)
        if payloadOffset != 0 { payloadOffset = UInt16(clamping: Int(payloadOffset) &+ payload.lowerBound) }
    }
}
