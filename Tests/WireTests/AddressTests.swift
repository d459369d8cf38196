import TestSupport
import Testing
import Wire

@Suite struct AddressTests {
    /// RFC 5952, sections 2 and 4.
    @Test(arguments: [
        ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:1", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("1:0:0:0:0:0:0:0", "1::"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:c000:201", "::ffff:192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("255.255.255.255", "255.255.255.255"),
    ])
    func `canonical text`(_ text: String, _ canonical: String) throws {
        #expect(try address(text).description == canonical)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "+1::", "::1.2.3", "1.2.3.4::",
        "fe80::1%eth0",
    ])
    func `no address`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `random addresses survive their text and their bytes`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            // Zero words in many places, to meet every way of shortening.
            let words = (0..<8).map { _ in
                Bool.random(using: &random) ? 0 : UInt64.random(in: 0...0xffff, using: &random)
            }
            let six = IPAddress(
                high: words[..<4].reduce(0) { $0 << 16 | $1 }, low: words[4...].reduce(0) { $0 << 16 | $1 })
            #expect(IPAddress(six.description) == six, "seed \(seed)")
            #expect(IPAddress(bytes: six.bytes) == six, "seed \(seed)")
            let four = IPAddress(ipv4: UInt32.random(in: 0 ... .max, using: &random))
            #expect(IPAddress(four.description) == four, "seed \(seed)")
            #expect(IPAddress(bytes: four.bytes) == four, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("172.19.0.0/24", "172.19.0.255", true), ("172.19.0.0/24", "172.19.1.0", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("192.0.2.1/32", "192.0.2.1", true), ("192.0.2.1/32", "192.0.2.0", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", true), ("2001:db8::/64", "2001:db8:0:1::", false),
        ("2001:db8::/65", "2001:db8::8000:0:0:0", false), ("2001:db8::1/128", "2001:db8::1", true),
        ("::/0", "::1", true),
    ])
    func `prefix membership`(_ prefix: String, _ member: String, _ expected: Bool) throws {
        #expect(try #require(IPPrefix(prefix)).contains(try address(member)) == expected)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.0/8/8", "::/129", "x/8",
    ])
    func `no prefix`(_ text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func `a prefix keeps its host bits until asked for the network`() throws {
        let prefix = try #require(IPPrefix("172.19.0.2/24"))
        #expect(prefix.description == "172.19.0.2/24")
        #expect(prefix.network.description == "172.19.0.0/24")
        #expect(try #require(IPPrefix("2001:db8::7/64")).network.description == "2001:db8::/64")
        #expect(try #require(IPPrefix("192.0.2.1")).length == 32)
    }

    @Test func `MAC address`() throws {
        let address = try mac("02:AB:00:00:00:0f")
        #expect(address.description == "02:ab:00:00:00:0f")
        #expect(!address.isGroup)
        #expect(try mac("01:00:5e:00:00:01").isGroup)
        #expect(try mac("ff:ff:ff:ff:ff:ff").isBroadcast)
        for text in [
            "", "02:ab:00:00:00", "02:ab:00:00:00:0f:00", "2:ab:00:00:00:0f", "02:ag:00:00:00:0f", "+2:ab:00:00:00:0f",
        ] {
            #expect(MACAddress(text) == nil, "\(text)")
        }
    }

    @Test func `address kinds`() throws {
        #expect(try address("10.1.2.3").isPrivate && address("100.64.0.1").isPrivate && address("fd00::1").isPrivate)
        #expect(try address("172.31.255.255").isPrivate && !address("172.32.0.0").isPrivate)
        #expect(
            try address("169.254.1.1").isLinkLocal && address("fe80::1").isLinkLocal && !address("fec0::1").isLinkLocal)
        #expect(
            try address("224.0.0.1").isMulticast && address("ff02::1").isMulticast && !address("223.0.0.1").isMulticast)
        #expect(try address("127.1.2.3").isLoopback && address("::1").isLoopback && !address("::2").isLoopback)
    }
}
