import Netlink
import Network
import Testing

@testable import Probes

@Suite struct TraceMessageTests {
    @Test func `a rule's message names table, chain, handle, verdict and the packet`() throws {
        let message = try #require(try RecordedTrace.message(RecordedTrace.first))
        #expect(message.family == "inet" && message.table == "fw" && message.chain == "in")
        #expect(message.handle == 7 && message.verdict == .continue && !message.isPolicy)
        #expect(message.identifier == 0xde9f_5f67)
        #expect(message.inDevice == 1 && message.outDevice == 0 && message.mark == 0)
        #expect(message.networkHeader?.count == 20 && message.networkHeader?.first == 0x45)
        #expect(message.transportHeader?.count == 20 && message.transportHeader?.first == 8)
    }

    @Test func `verdicts are told apart`() throws {
        #expect(try RecordedTrace.message(RecordedTrace.jump)?.verdict == .jump("a"))
        #expect(try RecordedTrace.message(RecordedTrace.back)?.verdict == .return)
        let policy = try #require(try RecordedTrace.message(RecordedTrace.policy))
        #expect(policy.isPolicy && policy.verdict == .accept && policy.handle == nil)
        let end = try #require(try RecordedTrace.message(RecordedTrace.end))
        #expect(!end.isPolicy && end.verdict == .continue && end.handle == nil)
    }

    @Test(
        "verdicts of the kernel by their numbers",
        arguments: [
            ("00000000", Verdict.drop), ("00000001", .accept), ("00000002", .stolen),
            // NF_QUEUE_NR(5), and a drop with -EPERM above it (NF_DROP_ERR).
            ("00050003", .queue), ("00000004", "verdict 4"),
        ])
    func verdict(code: String, expected: Verdict) throws {
        let text = RecordedTrace.first.replacing("0800 0100 ffffffff", with: "0800 0100 \(code)")
        #expect(try RecordedTrace.message(text)?.verdict == expected)
    }

    @Test func `a message cut short anywhere is no trap`() {
        let whole = RecordedTrace.bytes(RecordedTrace.first)
        for end in 0..<whole.count {
            for message in NetlinkMessages(whole[..<end]) { _ = TraceMessage(message) }
        }
    }

    @Test func `other messages of nftables are none`() throws {
        // NFT_MSG_NEWRULE
        let text = RecordedTrace.first.replacing("110a", with: "060a")
        #expect(try RecordedTrace.message(text) == nil)
    }
}
