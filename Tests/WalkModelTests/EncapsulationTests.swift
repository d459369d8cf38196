import Testing
import WalkModel

@Suite("An encapsulation's text") struct EncapsulationTests {
    @Test(
        "is read as it is written",
        arguments: [
            "vxlan 42 203.0.113.2 → 203.0.113.3", "ipip 203.0.113.2 → 203.0.113.3 in 2 fragments",
            "geneve 0 2001:db8::1 → 2001:db8::2", "teredo 192.0.2.1 → 192.0.2.2", "pppoe 17", "mpls 1048575",
            "mpls 16 192.0.2.1 → 192.0.2.2", "gtp 4294967295 192.0.2.1 → 192.0.2.2 in 3 fragments",
        ])
    func isRead(text: String) throws {
        #expect(try #require(Encapsulation(text)).description == text)
    }

    @Test(
        "is refused where it says something else",
        arguments: [
            "", "vxlan", "vxlan 42", "pppoe x", "pppoe 1 2", "gre 192.0.2.1 -> 192.0.2.2", "gre 192.0.2.1 →",
            "ipip 192.0.2.1 → 192.0.2.2 in 1 fragments", "fou 192.0.2.1 → 192.0.2.2",
        ])
    func isRefused(text: String) { #expect(Encapsulation(text) == nil) }
}
