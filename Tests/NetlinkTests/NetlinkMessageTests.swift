import Testing

@testable import Netlink

@Suite struct NetlinkMessageTests {
    /// Two messages of one datagram, the first with a length that is no multiple of four.
    private static let two = hex(
        """
        15000000 1000 0200 07000000 67120000  // struct nlmsghdr: 21 B, RTM_NEWLINK, NLM_F_MULTI, sequence 7
        0102030405 000000                     // payload of five bytes, padding
        10000000 0300 0200 07000000 67120000  // NLMSG_DONE
        """)

    @Test func `messages of a datagram come in order, without their padding`() throws {
        let messages = try NetlinkMessage.split(Self.two)
        #expect(messages.map(\.type) == [16, 3])
        #expect(messages.map(\.sequence) == [7, 7])
        #expect(messages.map { Array($0.payload) } == [[1, 2, 3, 4, 5], []])
        #expect(Array(NetlinkMessages(Self.two[...])) == messages)
    }

    @Test func `a datagram cut anywhere gives the messages before the cut, and says where it stopped`() {
        for count in 1..<Self.two.count {
            var reading = NetlinkMessages(Self.two[..<count])
            var types: [UInt16] = []
            while let message = reading.next() { types.append(message.type) }
            #expect(types == (count >= 21 ? [16] : []))
            let isWhole = (21...24).contains(count)
            #expect(reading.malformedOffset == (isWhole ? nil : count < 21 ? 0 : 24))
            let part = Array(Self.two[..<count])
            if !isWhole {
                #expect(throws: MalformedNetlink(offset: count < 21 ? 0 : 24)) { try NetlinkMessage.split(part) }
            }
        }
    }

    @Test func `a slice of a larger buffer counts from its own start`() {
        let buffer = [0xff, 0xff, 0xff] + Self.two
        var reading = NetlinkMessages(buffer[3...])
        #expect(reading.next()?.payload.first == 1)
        #expect(reading.next()?.type == 3)
        #expect(reading.next() == nil && reading.malformedOffset == nil)
    }

    @Test func `a length below the header's own ends the reading`() {
        var bytes = Self.two
        bytes[0] = 15
        #expect(throws: MalformedNetlink(offset: 0)) { try NetlinkMessage.split(bytes) }
    }

    private func message(_ listing: String) throws -> NetlinkMessage {
        try #require(try NetlinkMessage.split(hex(listing)).first)
    }

    @Test func `the number of an acknowledgement, a refusal and the end of a dump`() throws {
        // struct nlmsgerr: the number, then the header of the request.
        #expect(
            try message("24000000 0200 0000 00000000 00000000 f0ffffff 1c000000 0104 0500 00000000 00000000")
                .errorNumber == 16)  // EBUSY
        #expect(
            try message("24000000 0200 0000 00000000 00000000 00000000 1c000000 0104 0500 00000000 00000000")
                .errorNumber == 0)
        #expect(try message("14000000 0300 0200 00000000 00000000 00000000").errorNumber == 0)
        #expect(try message("10000000 0300 0200 00000000 00000000").errorNumber == 0)
        #expect(try message("14000000 1800 0200 00000000 00000000 f0ffffff").errorNumber == nil)
        // Too short for a number: EBADMSG. Without a positive counterpart: EINVAL.
        #expect(try message("10000000 0200 0000 00000000 00000000").errorNumber == 74)
        #expect(try message("14000000 0200 0000 00000000 00000000 00000080").errorNumber == 22)
    }

    /// What Linux 6.18 answers to RTM_GETROUTE with an unknown attribute, NETLINK_EXT_ACK and NETLINK_CAP_ACK set.
    private static let capped = """
        50000000 0200 0003 00000000 67120000  // struct nlmsghdr: NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS
        eaffffff                              // -EINVAL
        2c000000 1a00 0100 00000000 67120000  // the request's header
        1a00 0100 556e6b6e6f776e20617474726962757465207479 00 0000  // NLMSGERR_ATTR_MSG
        08000200 1c000000                     // NLMSGERR_ATTR_OFFS
        """

    @Test func `the kernel's own text of a refusal`() throws {
        var bytes = hex(Self.capped)
        bytes[0] = UInt8(bytes.count)
        let refusal = try #require(try NetlinkMessage.split(bytes).first)
        #expect(refusal.errorNumber == 22)
        #expect(refusal.explanation == "Unknown attribute ty")
        // The same without the flag that says that attributes follow.
        bytes[7] = 1
        #expect(try NetlinkMessage.split(bytes).first?.explanation == nil)
    }

    @Test func `the text after a request that is repeated whole`() throws {
        let refusal = try message(
            """
            38000000 0200 0002 00000000 67120000  // NLM_F_ACK_TLVS
            eaffffff
            18000000 1a00 0100 00000000 67120000 aabbccdd 11223344  // the request, its body included
            0b00 0100 4e6f7420 4d65 00 00         // "Not Me"
            """)
        #expect(refusal.explanation == "Not Me")
    }

    @Test func `a refusal cut anywhere, or with any byte changed, is no trap`() {
        let whole = hex(Self.capped)
        for index in whole.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] {
                var damaged = whole
                damaged[index] = value
                for end in [whole.count, index] {
                    for message in NetlinkMessages(damaged[..<end]) { _ = (message.errorNumber, message.explanation) }
                }
            }
        }
    }
}
