import Netlink
import Testing

@Suite struct NetlinkAttributesTests {
    private static let bytes = hex(
        """
        0800 0100 c0000201            // type 1: 192.0.2.1 in network order
        0700 0300 6c6f00 00           // type 3: "lo", NUL, padding
        0c00 1280 0800 0100 2a000000  // type 18 with NLA_F_NESTED: type 1: 42 in host order
        0800 0100 ffffffff            // type 1 once more
        """)

    @Test func `attributes come in order, with their flag bits taken off`() {
        let attributes = NetlinkAttributes(Self.bytes[...])
        #expect(attributes.map(\.type) == [1, 3, 18, 1])
        #expect(attributes.map(\.value.count) == [4, 3, 8, 4])
    }

    @Test func `the first of a type counts`() {
        let attributes = NetlinkAttributes(Self.bytes[...])
        #expect(attributes[1]?.networkUInt32() == 0xc000_0201)
        #expect(attributes[3]?.text == "lo")
        #expect(attributes.nested(18)?[1]?.hostUInt32() == 42)
        #expect(attributes[2] == nil && attributes.nested(2) == nil)
    }

    @Test func `an attribute shorter than its own header, or longer than the rest, ends the reading`() {
        for length: UInt8 in [0, 3, 200] {
            var bytes = Self.bytes
            bytes[8] = length
            #expect(NetlinkAttributes(bytes[...]).map(\.type) == [1])
        }
    }

    @Test func `attributes after a fixed part begin at a multiple of four`() throws {
        let message = NetlinkMessage(type: 80, flags: 0, sequence: 0, payload: ([2, 0, 0, 0] + Self.bytes)[...])
        #expect(message.attributes(after: 1)[3]?.text == "lo")
        #expect(Array(message.attributes(after: 4000)).isEmpty)
    }
}

@Suite struct SliceReadingTests {
    @Test func `numbers at any place, and nil outside`() {
        let bytes: [UInt8] = [0xff, 1, 2, 3, 4, 5, 6, 7, 8]
        let slice = bytes[1...]
        #expect(slice.byte() == 1 && slice.byte(at: 7) == 8 && slice.byte(at: 8) == nil && slice.byte(at: -1) == nil)
        #expect(slice.networkUInt16(at: 1) == 0x0203 && slice.networkUInt16(at: 7) == nil)
        #expect(slice.networkUInt32() == 0x0102_0304 && slice.networkUInt32(at: 5) == nil)
        #expect(slice.networkUInt64() == 0x0102_0304_0506_0708 && slice.networkUInt64(at: 1) == nil)
        #expect(slice.hostUInt16() == UInt16(bigEndian: 0x0102))
        #expect(slice.hostUInt32(at: 4) == UInt32(bigEndian: 0x0506_0708))
        #expect(slice.hostUInt64() == UInt64(bigEndian: 0x0102_0304_0506_0708))
        #expect(slice.hostUInt32(at: .max) == nil && slice.hostUInt32(at: -4) == nil)
        #expect(([0xff, 0xff, 0xff, 0xff] as ArraySlice).hostInt32() == -1)
    }

    @Test func `a row of numbers leaves out what is left over`() {
        #expect(([1, 0, 0, 0, 2, 0, 0, 0, 3] as ArraySlice).hostUInt32s.map { UInt32(littleEndian: $0) } == [1, 2])
    }

    @Test func `a text ends at its NUL, and keeps bytes that are no UTF-8 apart`() {
        #expect((Array("eth0".utf8) + [0, 0x41])[...].text == "eth0")
        #expect(Array("eth0".utf8)[...].text == "eth0")
        #expect(([0x61, 0xff] as ArraySlice<UInt8>).text == "a\\xff")
    }
}
