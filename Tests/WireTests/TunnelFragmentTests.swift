import Testing
import Wire

/// A tunnel's packet that a router cut (RFC 791): its first fragment shows the packet inside, as long as it holds what the
/// label rests on.
@Suite struct TunnelFragmentTests {
    enum Tunnel: CaseIterable {
        case vxlan, gre, ipip

        var ipProtocol: String { self == .vxlan ? "11" : self == .gre ? "2f" : "04" }
        /// What stands between the outer IP header and the packet inside.
        var header: [UInt8] {
            switch self {
            case .vxlan:
                hex(
                    """
                    c0 00 12 b5  00 ea 00 00                      // UDP: 49152 > 4789, length 234
                    08 00 00 00  00 00 2a 00                      // VXLAN: network 42
                    02 00 00 00 00 12  02 00 00 00 00 11  08 00   // inner Ethernet
                    """)
            case .gre: hex("20 00 08 00  00 00 00 07")
            case .ipip: []
            }
        }
    }

    /// An echo request of 204 bytes.
    private static let inner =
        hex(
            """
            45 00 00 cc  00 07 00 00  40 01 00 00
            ac 13 00 02  c6 33 64 01
            08 00 12 34  00 05 00 01
            """) + (0..<176).map { UInt8($0) }

    /// - Parameter bytes: how many of the packet inside are in the first fragment; nil for the tunnel's whole packet.
    private func read(_ tunnel: Tunnel, first bytes: Int?) -> PacketHeaders {
        let carried = tunnel.header + (bytes.map { Array(Self.inner.prefix($0)) } ?? Self.inner)
        let length = 20 + carried.count
        let flags = bytes == nil ? "00" : "20"
        let ip = hex(
            """
            45 00 \(length >> 8 < 16 ? "0" : "")\(String(length >> 8, radix: 16)) \
            \(length & 255 < 16 ? "0" : "")\(String(length & 255, radix: 16)) be ef \(flags) 00 40 \(tunnel.ipProtocol) 00 00
            cb 00 71 02  cb 00 71 03
            """)
        return headers(of: ip + carried, as: .raw)
    }

    @Test("the first fragment has the label of the packet inside", arguments: Tunnel.allCases)
    func opened(tunnel: Tunnel) throws {
        let whole = read(tunnel, first: nil)
        let fragment = read(tunnel, first: 120)
        #expect(whole.tunnelFragmentKey == 0)
        #expect(fragment.label == whole.label)
        #expect(fragment.isEchoRequest)
        #expect(fragment.length == 204)
        #expect(!fragment.isFragment)
        #expect(fragment.tunnelSource == (try address("203.0.113.2")))
        #expect(fragment.tunnelFragmentKey != 0)
    }

    @Test("later fragments bear the key that the first one gives", arguments: Tunnel.allCases)
    func key(tunnel: Tunnel) {
        let later = hex(
            """
            45 00 00 1c be ef 00 10 40 \(tunnel.ipProtocol) 00 00   // offset 128
            cb 00 71 02  cb 00 71 03  01 02 03 04 05 06 07 08
            """)
        let headers = headers(of: later, as: .raw)
        #expect(headers.fragmentOffset == 128)
        #expect(headers.tunnelKind == .none)
        #expect(headers.datagramKey == read(tunnel, first: 120).tunnelFragmentKey)
    }

    @Test("with too little of the packet inside it stays the tunnel's", arguments: Tunnel.allCases, [8, 27, 40, 59])
    func tooShort(tunnel: Tunnel, bytes: Int) throws {
        let fragment = read(tunnel, first: bytes)
        #expect(fragment.tunnelKind == .none)
        #expect(fragment.isFragment)
        #expect(fragment.source == (try address("203.0.113.2")))
        #expect(fragment.tunnelFragmentKey == 0)
        #expect(fragment.label != 0)
    }

    @Test("an IPv6 tunnel's first fragment too")
    func ipv6() {
        let carried = Array(Self.inner.prefix(120))
        let addresses =
            "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02"
        let fragment =
            hex("60 00 00 00 00 80 2c 40 \(addresses) 04 00 00 01 11 22 33 44") + carried
        let whole = hex("60 00 00 00 00 cc 04 40 \(addresses)") + Self.inner
        let (first, all) = (headers(of: fragment, as: .raw), headers(of: whole, as: .raw))
        #expect(all.tunnelKind == .ipip)
        #expect(first.label == all.label)
        #expect(first.tunnelFragmentKey == 6 << 56 | 4 << 48 | 0x1122_3344)
    }
}
