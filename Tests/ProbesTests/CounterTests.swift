import Observations
import Testing

@testable import Probes

@Suite("The counters of conntrack")
struct CounterTests {
    /// `/proc/net/stat/nf_conntrack` of Linux 6.18 on two processors, read in a namespace whose table of 262144 entries was
    /// full, after two pings were dropped there.
    static let text = """
        entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
        00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00012a4d 00000000 00000002 00000000 00000000  00000000 00000000 00000000 00000000
        00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 0002d5b3 00000000 00000000 00000000 00000000  00000000 00000000 00000000 00000000
        """

    @Test("are added up over the processors, and read as hexadecimal")
    func sum() {
        let values = ProtocolCounters.parseColumns(Self.text, title: "nf_conntrack")
        #expect(values["nf_conntrack.drop"] == 2)
        #expect(values["nf_conntrack.insert"] == 262_144)
        #expect(values["nf_conntrack.early_drop"] == 0)
        #expect(values["nf_conntrack.entries"] == nil)
    }

    @Test("tell only what rose")
    func change() {
        let before = ProtocolCounters(values: ["nf_conntrack.drop": 1, "nf_conntrack.insert": 262_144])
        let after = ProtocolCounters(values: ProtocolCounters.parseColumns(Self.text, title: "nf_conntrack"))
        let change = after.change(since: before, namespace: "host")
        #expect(change?.counters["nf_conntrack.drop"] == 1)
        #expect(change?.counters["nf_conntrack.insert"] == nil)
    }

    @Test("that can't be read are none", arguments: ["", "entries drop", "entries drop\nzz", "\n\n"])
    func nothing(text: String) {
        #expect(ProtocolCounters.parseColumns(text, title: "nf_conntrack").isEmpty)
    }
}
