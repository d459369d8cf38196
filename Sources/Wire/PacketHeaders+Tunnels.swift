/// What IP carries inside of other headers.
extension PacketHeaders {
    // MARK: GRE

    /// Returns: true where a tunnelled packet took over.
    mutating func readGRE(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash, tunnels: Int
    ) -> Bool {
        switch TunnelStart.gre(bytes, at: offset, end: end) {
        case .none: break
        case .needs(let count):
            _ = require(count, at: offset, in: bytes, end: end)
            abandonLabel(&hash, bytes, end: end)
            return false
        case .opens(let header):
            if tunnels < Self.maximumTunnels, openTunnel(header, bytes, at: offset, end: end, tunnels: tunnels) {
                return true
            }
        }
        // The call of PPTP (RFC 2637), in the first eight bytes of version 1, is NAT's port.
        finishLabel(&hash, bytes, at: offset, skipping: bytes.u16(offset) & 7 == 0 ? 0 : 8)
        return false
    }

    // MARK: IP in IP (RFC 2003, 4213, 2473)

    /// Returns: true where a tunnelled packet took over.
    mutating func readIPIP(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash, tunnels: Int
    ) -> Bool {
        let header = TunnelHeader(
            kind: .ipip, length: 0, content: .network(etherType: ipProtocol == .ipip ? 0x0800 : 0x86dd))
        guard tunnels < Self.maximumTunnels, end > offset,
            openTunnel(header, bytes, at: offset, end: end, tunnels: tunnels)
        else {
            finishLabel(&hash, bytes, at: offset)
            return false
        }
        return true
    }

    // MARK: What a tunnel carries

    /// Reads the packet behind the tunnel's header, which begins at `offset`.
    ///
    /// A first fragment of the tunnel's packet is opened where it holds all of the carried packet that a label rests on;
    /// its label is that of the whole one then. What PPP carries is opened where it is IP.
    /// - Returns: false where it was not opened; nothing was changed but that the label may be cut short.
    mutating func openTunnel(
        _ header: TunnelHeader, _ bytes: RawSpan, at offset: Int, end: Int, tunnels: Int
    ) -> Bool {
        if case .ppp = header.content {
            return openTentatively(header, bytes, at: offset, end: end, tunnels: tunnels) { inner in
                inner.network != .other || inner.flags.contains(.truncated)
            }
        }
        guard isFragment else {
            readTunnelled(header, bytes, at: offset, end: end, tunnels: tunnels)
            return true
        }
        return openTentatively(header, bytes, at: offset, end: end, tunnels: tunnels) { _ in true }
    }

    private mutating func openTentatively(
        _ header: TunnelHeader, _ bytes: RawSpan, at offset: Int, end: Int, tunnels: Int,
        _ isWanted: (borrowing PacketHeaders) -> Bool
    ) -> Bool {
        let outer = self
        readTunnelled(header, bytes, at: offset, end: end, tunnels: tunnels)
        var isOpened = isWanted(self)
        if outer.isFragment {
            isOpened =
                isOpened && flags.isDisjoint(with: [.truncated, .malformed, .labelCutShort]) && label != 0
                && tunnelFragmentKey == 0
        }
        guard isOpened else {
            // More of the same packet might be opened.
            let isShort = !flags.isDisjoint(with: [.truncated, .labelCutShort]) || outer.isFragment && label == 0
            let isCut = bytes.byteCount < end && isShort
            self = outer
            if isCut { flags.insert(.labelCutShort) }
            return false
        }
        if outer.isFragment { tunnelFragmentKey = outer.datagramKey }
        return true
    }

    private mutating func readTunnelled(
        _ header: TunnelHeader, _ outer: RawSpan, at offset: Int, end: Int, tunnels: Int
    ) {
        let start = offset &+ header.length
        // What is carried ends with what carries it.
        let bytes = outer.extracting(first: min(outer.byteCount, end))
        switch header.content {
        case .ethernet:
            enterTunnel(header, isEthernet: true, length: end &- start)
            readEthernet(bytes, at: start, wireEnd: end, tunnels: tunnels &+ 1)
        case .network(let etherType):
            enterTunnel(header, isEthernet: false, length: end &- start)
            readNetwork(bytes, at: start, wireEnd: end, etherType: etherType, tunnels: tunnels &+ 1)
        case .ppp:
            enterTunnel(header, isEthernet: false, length: end &- start)
            readPPP(bytes, at: start, end: end, tunnels: tunnels &+ 1)
        }
    }

    /// Clears what spoke of the outer packet. What stays is the outermost tunnel and, where the inner packet has no
    /// link-layer header of its own, the link layer.
    private mutating func enterTunnel(_ header: TunnelHeader, isEthernet: Bool, length: Int) {
        var inner = PacketHeaders()
        if !isEthernet {
            inner.macSource = macSource
            inner.macDestination = macDestination
            inner.flags = flags.intersection([.hasMACSource, .hasMACDestination])
            inner.vlan = vlan
            inner.innerVLAN = innerVLAN
        }
        inner.length = UInt32(truncatingIfNeeded: max(0, length))
        // A session below the outermost IP header is less than the tunnel between two addresses.
        let isOutermost = tunnelKind == .none || isInSession
        inner.tunnelKind = isOutermost ? header.kind : tunnelKind
        inner.tunnelIdentifier = isOutermost ? header.identifier : tunnelIdentifier
        inner.tunnelSource = isOutermost ? source : tunnelSource
        inner.tunnelDestination = isOutermost ? destination : tunnelDestination
        self = inner
    }
}
