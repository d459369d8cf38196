import Testing
import Wire

@Suite struct NFLOGMessageTests {
    // Within a macro's argument a span can't be passed.
    private func message(_ bytes: [UInt8]) -> NFLOGMessage? { NFLOGMessage(bytes.span.bytes) }
    private func cooked(_ bytes: [UInt8], _ linkType: LinkType) -> CookedHeader? {
        CookedHeader(bytes.span.bytes, linkType: linkType)
    }

    /// From `<linux/netfilter/nfnetlink_log.h>`, in the order in which the kernel writes the attributes.
    private static let full = hex(
        """
        07 00 00 2a                                   // nfgenmsg: bridge, version 0, group 42
        08 00 01 00  08 00 04 00                      // packet header: IPv4, postrouting
        05 00 0a 00  00 00 00 00                      // prefix: empty
        08 00 04 00  00 00 00 03                      // in device 3
        08 00 06 00  00 00 00 04                      // physical in device 4
        08 00 05 00  00 00 00 05                      // out device 5
        08 00 07 00  00 00 00 06                      // physical out device 6
        08 00 02 00  00 00 00 ff                      // mark 255
        10 00 08 00  00 06 00 00 02 00 00 00 00 01 00 00  // source hardware address
        06 00 0f 00  00 01 00 00                      // hardware type: Ethernet
        06 00 11 00  00 0e 00 00                      // hardware header length: 14
        12 00 10 00  02 00 00 00 00 02 02 00 00 00 00 01 08 00 00 00  // hardware header
        14 00 03 00  00 00 00 00 6a 00 00 00  00 00 00 00 00 00 00 05  // timestamp
        08 00 0b 00  00 00 03 e8                      // user 1000
        08 00 0e 00  00 00 00 64                      // group 100
        08 00 0c 00  00 00 00 07                      // sequence
        08 00 0d 00  00 00 00 09                      // global sequence
        06 00 09 00  ab cd                            // payload of two bytes
        """)

    @Test func `every attribute`() throws {
        let found = try #require(message(Self.full))
        #expect(found.family == 7)
        #expect(found.group == 42)
        #expect(found.hook == 4)
        #expect(found.hardwareProtocol == 0x0800)
        #expect(found.prefix.isEmpty)
        #expect(found.inDevice == 3)
        #expect(found.physicalInDevice == 4)
        #expect(found.outDevice == 5)
        #expect(found.physicalOutDevice == 6)
        #expect(found.mark == 255)
        #expect(found.sourceAddress == (try mac("02:00:00:00:00:01")))
        #expect(found.destinationAddress == (try mac("02:00:00:00:00:02")))
        #expect(found.timestampNanoseconds == Int64(0x6a00_0000) * 1_000_000_000 + 5000)
        #expect(found.userID == 1000)
        #expect(found.groupID == 100)
        #expect(found.sequence == 7)
        #expect(found.globalSequence == 9)
        #expect(Array(Self.full[found.payload]) == [0xab, 0xcd])
        #expect(found.payloadLength == 2)
        #expect(!found.isCutShort)
    }

    @Test func `the prefix is without its padding and final zero`() throws {
        let bytes = SampleFrame.nflog.bytes
        let found = try #require(message(bytes))
        #expect(Array(bytes[found.prefix]) == Array("fw".utf8))
        #expect(found.payload.count == 31)
    }

    @Test func `big-endian machines write lengths and types the other way round`() throws {
        let bytes = hex(
            """
            0a 00 00 05
            00 08 00 01  86 dd 03 00                      // packet header: IPv6, local out
            00 08 00 05  00 00 00 03                      // out device 3
            00 05 00 09  60 00 00 00                      // payload of one byte
            """)
        let found = try #require(message(bytes))
        #expect(found.hardwareProtocol == 0x86dd)
        #expect(found.hook == 3)
        #expect(found.outDevice == 3)
        #expect(Array(bytes[found.payload]) == [0x60])
    }

    @Test func `cut anywhere, it is nil, cut short, or has all attributes before the cut`() {
        for count in 0..<Self.full.count {
            let part = Array(Self.full.prefix(count))
            guard let found = message(part) else {
                #expect(count < 4)
                continue
            }
            #expect(found.payload.upperBound <= count)
            #expect(found.prefix.upperBound <= count)
            if count >= 12 { #expect(found.hook == 4) }
        }
    }

    @Test func `an attribute shorter than its own header`() {
        let bytes = hex("02 00 00 05  03 00 01 00")
        #expect(message(bytes) == nil)
        #expect(headers(of: bytes, as: .nflog).flags == .malformed)
    }

    @Test func `cooked headers`() throws {
        let one = try #require(cooked(SampleFrame.cooked1.bytes, .linuxSLL))
        #expect(one.isOutgoing)
        #expect(one.headerLength == 16)
        #expect(one.interfaceIndex == 0)
        let two = try #require(cooked(SampleFrame.cooked2.bytes, .linuxSLL2))
        #expect(!two.isOutgoing)
        #expect(two.interfaceIndex == 5)
        #expect(two.hardwareType == 1)
        #expect(two.address == (try mac("02:00:00:00:00:01")))
        #expect(cooked(SampleFrame.cooked2.bytes, .ethernet) == nil)
    }
}
