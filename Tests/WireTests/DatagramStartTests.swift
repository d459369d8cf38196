import Testing
import Wire

/// What an IPv6 datagram and its first fragment have in common. The first two frames are beginnings of what Linux 6.18
/// sent for `ping -6 -s 3000`, as the postrouting hook and then the link showed it.
@Suite struct DatagramStartTests {
    private static let addresses = """
        fd 00 01 72 00 19 00 00 00 00 00 00 00 00 00 02  20 01 0d b8 00 51 00 00 00 00 00 00 00 00 00 01
        """
    private static let payload = """
        a5 3b 07 6b 00 00 00 00 49 fa 09 00 00 00 00 00  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f
        20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f
        """

    private func whole(echo: String = "80 00 67 8a 00 92 00 01") -> PacketHeaders {
        let bytes = hex("60 0d bb 3c 0b c0 3a 40 \(Self.addresses) \(echo) \(Self.payload)")
        return dissect(bytes.span.bytes, linkType: .raw, originalLength: 3048)
    }

    /// - Parameter place: offset and M flag.
    private func fragment(
        _ place: String = "00 01", identification: String = "cc ef f1 06", echo: String = "80 00 67 8a 00 92 00 01"
    ) -> PacketHeaders {
        let bytes = hex(
            "60 0d bb 3c 05 b0 2c 40 \(Self.addresses) 3a 00 \(place) \(identification) \(echo) \(Self.payload)")
        return dissect(bytes.span.bytes, linkType: .raw, originalLength: 1496)
    }

    @Test("an echo request and its first fragment begin alike, whatever the identification")
    func echo() {
        #expect(whole().datagramStart != 0)
        #expect(fragment().datagramStart == whole().datagramStart)
        #expect(fragment(identification: "30 12 89 33").datagramStart == whole().datagramStart)
        #expect(fragment().isFragment)
        #expect(fragment().icmpSequence == 1)
    }

    @Test("NAT changes identifier and checksum, which don't count; the sequence number does")
    func whatCounts() {
        #expect(fragment(echo: "80 00 11 22 77 77 00 01").datagramStart == whole().datagramStart)
        #expect(fragment(echo: "80 00 67 8a 00 92 00 02").datagramStart != whole().datagramStart)
        #expect(fragment(echo: "81 00 67 8a 00 92 00 01").datagramStart != whole().datagramStart)
    }

    @Test("later fragments and what fits every link have none")
    func others() {
        #expect(fragment("05 a9").datagramStart == 0)
        let small = hex("60 0d bb 3c 00 48 3a 40 \(Self.addresses) 80 00 67 8a 00 92 00 01 \(Self.payload)")
        #expect(dissect(small.span.bytes, linkType: .raw, originalLength: 112).datagramStart == 0)
    }

    @Test("of UDP the length counts, which the first fragment says as well")
    func udp() {
        // RFC 768: ports, length, checksum. 3000 bytes of payload; the fragment carries 1440 of them.
        func udp(length: String, fragmented: Bool) -> PacketHeaders {
            let header = "c3 50 00 35 \(length) ab cd"
            let bytes =
                fragmented
                ? hex("60 00 00 00 05 b0 2c 40 \(Self.addresses) 11 00 00 01 00 00 00 07 \(header) \(Self.payload)")
                : hex("60 00 00 00 0b c0 11 40 \(Self.addresses) \(header) \(Self.payload)")
            return dissect(bytes.span.bytes, linkType: .raw, originalLength: fragmented ? 1496 : 3048)
        }
        let whole = udp(length: "0b c0", fragmented: false)
        #expect(whole.datagramStart != 0)
        #expect(udp(length: "0b c0", fragmented: true).datagramStart == whole.datagramStart)
        #expect(udp(length: "0b c8", fragmented: true).datagramStart != whole.datagramStart)
    }
}
