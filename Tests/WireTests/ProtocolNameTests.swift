import Testing
import Wire

@Suite("Names of protocols and ICMP types") struct ProtocolNameTests {
    @Test("each protocol is read from its description and from its name in a rule") func roundTrip() {
        for number in UInt8.min...UInt8.max {
            let known = IPProtocol(rawValue: number)
            #expect(IPProtocol(known.description) == known)
            #expect(IPProtocol(known.ruleName) == known)
        }
    }

    @Test(
        "by any of its names, in whichever case, or its number",
        arguments: [
            ("icmpv6", 58), ("ipv6-icmp", 58), ("icmp6", 58), ("ipencap", 4), ("TCP", 6), ("51", 51),
            ("ip-proto-253", 253), ("teleport", nil), ("256", nil), ("", nil),
        ] as [(String, UInt8?)])
    func number(name: String, number: UInt8?) {
        #expect(IPProtocol(name)?.rawValue == number)
    }

    @Test("a rule calls ICMPv6 otherwise than a walk, and an unnamed protocol by its number") func ruleNames() {
        #expect(IPProtocol.icmpv6.ruleName == "ipv6-icmp" && IPProtocol.icmpv6.description == "icmpv6")
        #expect(IPProtocol(rawValue: 253).ruleName == "253")
        #expect(IPProtocol(rawValue: 253).description == "ip-proto-253")
    }

    @Test("an ICMP type has nft's name first, and is found by all")
    func icmpTypes() {
        #expect(ICMPType(ruleName: "ping", isIPv6: false) == .echoRequest(isIPv6: false))
        #expect(ICMPType(ruleName: "router-advertisement", isIPv6: false)?.number == 9)
        #expect(ICMPType(ruleName: "router-advertisement", isIPv6: true)?.number == 134)
        #expect(ICMPType(ruleName: "packet-too-big", isIPv6: false) == nil)
        #expect(ICMPType(134, isIPv6: true).ruleName == "nd-router-advert")
        #expect(ICMPType(44, isIPv6: false).ruleName == "44")
    }

    @Test(
        "in words, with what could not be reached",
        arguments: [
            (3, 3, false, "destination unreachable (port)"), (1, 4, true, "destination unreachable (port)"),
            (3, 4, false, "fragmentation needed"), (3, 7, false, "destination unreachable (code 7)"),
            (1, 0, true, "destination unreachable (no route)"), (11, 0, false, "time exceeded"), (13, 0, false, nil),
        ] as [(UInt8, UInt8, Bool, String?)])
    func words(type: UInt8, code: UInt8, isIPv6: Bool, words: String?) {
        #expect(ICMPType(type, isIPv6: isIPv6).words(code: code) == words)
    }
}
