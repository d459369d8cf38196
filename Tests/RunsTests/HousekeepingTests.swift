import Runs
import Testing
import WalkModel

/// What the kernel sends on its own account, apart from what a program sends.
@Suite("Housekeeping")
struct HousekeepingTests {
    @Test(
        "is not what a program tried to send and could not",
        arguments: ["no-route-ipv6", "link-down-namespace-ipv6", "loopback-down-ipv6"])
    func unsent(lab: String) throws {
        let unsent = try Golden.exchanges("\(lab).explain").filter { $0.request.outcome == .unsent }
        #expect(!unsent.isEmpty)
        #expect(unsent.allSatisfy { !$0.request.isHousekeeping && !$0.arrived })
    }

    @Test("is what routers and multicast listeners send")
    func kernel() throws {
        let exchanges = try Golden.exchanges("no-route-ipv6.trace")
        let reports = exchanges.filter { $0.request.summary.contains("type 143") }
        #expect(!reports.isEmpty && reports.allSatisfy { $0.request.isHousekeeping })
        #expect(exchanges.count > reports.count)
        #expect(exchanges.filter { $0.request.protocol == "udp" }.allSatisfy { !$0.request.isHousekeeping })
    }

    @Test("is no echo, and no error about a packet")
    func echo() throws {
        for name in ["ipv6-to-wan.explain", "ttl-expired-ipv6.explain"] {
            let exchanges = try Golden.exchanges(name)
            #expect(exchanges.contains { !$0.request.isHousekeeping })
            for walk in exchanges.flatMap({ [$0.request, $0.reply].compactMap(\.self) }) {
                if walk.summary.contains("echo") || walk.summary.contains("exceeded") { #expect(!walk.isHousekeeping) }
            }
        }
    }
}
