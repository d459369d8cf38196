import Network
import Testing
import Wire

@testable import Ruleset

/// Rules that set the zone of a packet's connection (xt_CT, nft_ct).
@Suite("Conntrack zones")
struct ZoneTests {
    private func zoning(_ chain: RuleChain) -> HookResult.Zoning? {
        TraversalTests.run(RuleNamespace.site(chain), .prerouting).zoning
    }

    private func set(_ direction: String?, _ value: String) -> String {
        let key = direction.map { #"{"ct":{"key":"zone","dir":"\#($0)"}}"# } ?? #"{"ct":{"key":"zone"}}"#
        return #"[{"mangle":{"key":\#(key),"value":\#(value)}}]"#
    }

    @Test("iptables: one direction leaves the other in zone 0; a mark is the zone")
    func iptablesZones() {
        let cases: [(String, ConntrackZone)] = [
            ("--zone 5", ConntrackZone(original: 5, reply: 5)), ("--zone-orig 5", ConntrackZone(original: 5)),
            ("--zone-reply 5", ConntrackZone(reply: 5)), ("--zone mark", ConntrackZone(original: 0x12, reply: 0x12)),
            ("", ConntrackZone()),
        ]
        for (options, zone) in cases {
            let rule = options.isEmpty ? "-j CT" : "-j CT \(options)"
            #expect(zoning(iptables("raw", "PREROUTING", rules: [rule]))?.zone == zone, "\(rule)")
        }
    }

    @Test("nftables: by direction, and by a map of devices")
    func nftablesZones() {
        func zone(_ json: String) -> ConntrackZone? {
            zoning(nft("pre", hook: .prerouting, priority: -300, rules: [json]))?.zone
        }
        #expect(zone(set(nil, "7")) == ConntrackZone(original: 7, reply: 7))
        #expect(zone(set("original", "7")) == ConntrackZone(original: 7))
        #expect(zone(set("reply", "7")) == ConntrackZone(reply: 7))
        let map = #"{"map":{"key":{"meta":{"key":"iifname"}},"data":{"set":[["eth0",2],["mybridge",1]]}}}"#
        #expect(zone(set(nil, map)) == ConntrackZone(original: 1, reply: 1))
        let other = #"{"map":{"key":{"meta":{"key":"iifname"}},"data":{"set":[["eth1",2]]}}}"#
        #expect(zoning(nft("pre", hook: .prerouting, priority: -300, rules: [set(nil, other)])) == nil)
    }

    @Test("the first rule that sets one counts, and none past conntrack's own hook")
    func order() {
        let chain = iptables("raw", "PREROUTING", rules: ["-i mybridge -j CT --zone 1", "-j CT --zone 2"])
        #expect(zoning(chain)?.zone == ConntrackZone(original: 1, reply: 1))
        #expect(zoning(chain)?.rule.position == 1)
        #expect(zoning(iptables("mangle", "PREROUTING", rules: ["-j CT --zone 1"])) == nil)
    }

    @Test("a rule that may not match leaves the zone open")
    func unsure() {
        let found = zoning(
            iptables("raw", "PREROUTING", rules: ["-m set --match-set a src -j CT --zone 1", "-j CT --zone 2"]))
        #expect(found != nil)
        #expect(found?.zone == nil)
    }
}
