import Network
import Observations
import Testing

@testable import Probes

@Suite("A drop that tracefs tells of")
struct TracedDropTests {
    @Test("is read from a line of trace_pipe, of Linux 6.18")
    func line() throws {
        let drop = try #require(
            TracedDrop(
                "            ping-8916    [001] ..s1. 12129.176249: kfree_skb: skbaddr=00000000fdfe7702 rx_sk=0000000000000000 protocol=2048 location=ping_rcv+0xab/0xd0 reason: NO_SOCKET"
            ))
        #expect(drop.timeNanoseconds == 12_129_176_249_000)
        #expect(drop.etherType == 0x0800)
        #expect(drop.location == "ping_rcv")
        #expect(drop.reason == "NO_SOCKET")
    }

    @Test("may come from a module, from an older kernel that hides the place, and bear a reason without a name")
    func otherForms() throws {
        let module = try #require(
            TracedDrop(
                "           <...>-41      [000] b.s2.     7.000001: kfree_skb: skbaddr=00000000fdfe7702 rx_sk=0000000000000000 protocol=34525 location=nft_do_chain+0x1a2/0x5f0 [nf_tables] reason: NETFILTER_DROP"
            ))
        #expect(module.location == "nft_do_chain" && module.etherType == 0x86dd)
        #expect(module.timeNanoseconds == 7_000_001_000)
        let hidden = try #require(
            TracedDrop(
                "          <idle>-0       [003] ..s.. 99999.999999: kfree_skb: skbaddr=000000000c9f3a71 protocol=2054 location=000000001b0f4c3e reason: 0x3b"
            ))
        #expect(hidden.location == nil && hidden.reason == "0x3b" && hidden.etherType == 0x0806)
    }

    @Test("can't be made up by the name that a process gives itself")
    func hostileNames() throws {
        // prctl(PR_SET_NAME) takes any fifteen bytes.
        let drop = try #require(
            TracedDrop(
                " 1.0: kfree_skb:-8916    [001] ..s1. 12129.176249: kfree_skb: skbaddr=00000000fdfe7702 rx_sk=0000000000000000 protocol=2048 location=ip_error+0xab/0xd0 reason: IP_INADDRERRORS"
            ))
        #expect(drop.timeNanoseconds == 12_129_176_249_000 && drop.reason == "IP_INADDRERRORS")
        let halves =
            "two\nlines-8916 [001] ..s1. 5.000000: kfree_skb: skbaddr=1 protocol=2048 location=a+0x1 reason: XDP"
        #expect(halves.split(separator: "\n").compactMap { TracedDrop($0)?.reason } == ["XDP"])
    }

    @Test(
        "is not seen in other lines",
        arguments: [
            "", "CPU:1 [LOST 34 EVENTS]", "# tracer: nop",
            "ping-1 [001] ..s1. 12129.176249: consume_skb: skbaddr=00000000fdfe7702 location=x",
            "ping-1 [001] ..s1. x.176249: kfree_skb: skbaddr=1 protocol=2048 location=a+0x1 reason: XDP",
            "ping-1 [001] ..s1. 9999999999999999999.176249: kfree_skb: skbaddr=1 protocol=2048 location=a+0x1 reason: XDP",
            "ping-1 [001] ..s1. 1.17624: kfree_skb: skbaddr=1 protocol=2048 location=a+0x1 reason: XDP",
            "ping-1 [001] ..s1. 1.176249: kfree_skb: skbaddr=1 protocol=99999 location=a+0x1 reason: XDP",
            "ping-1 [001] ..s1. 1.176249: kfree_skb: skbaddr=1 protocol=2048 location=a+0x1 reason: ",
            "ping-1 [001] ..s1. 1.176249: kfree_skb: skbaddr=1 protocol=2048",
        ])
    func otherLines(text: String) {
        #expect(TracedDrop(Substring(text)) == nil)
    }

    @Test("what the kernel threw away is counted")
    func lost() {
        #expect(TracedDrop.lost("CPU:1 [LOST 34 EVENTS]") == 34)
        #expect(TracedDrop.lost("CPU:12 [LOST EVENTS]") == 1)
        #expect(TracedDrop.lost("CPU:1 34 EVENTS]") == nil)
    }

    @Test("bears no packet: a kernel whose event has no reason is told apart")
    func format() {
        #expect(
            TracefsDropSource.isReasonField("\tfield:enum skb_drop_reason reason;\toffset:36;\tsize:4;\tsigned:0;"))
        // Linux 5.16.
        #expect(!TracefsDropSource.isReasonField("\tfield:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;"))
        #expect(!TracefsDropSource.isReasonField("print fmt: \"reason: %s\", REC->reason"))
        let event = TracedDrop(
            "ping-1 [001] ..s1. 1.000000: kfree_skb: skbaddr=1 protocol=2048 location=a+0x1 reason: XDP")?
            .event(monotonicToRealtime: 5)
        #expect(event?.timeNanoseconds == 1_000_000_005)
        #expect(event?.isAnonymous == true && event?.namespace == nil)
    }

    @Test("the instance's name says whose it is")
    func instanceNames() {
        #expect(TraceInstance.run(of: "packetwalk-22625.1267113.4026531836-1")?.process == 22_625)
        for name in ["packetwalk-22625.1267113.4026531836", "packetwalk-1.2-3", "other-1.2.3-4", "packetwalk-1.2.3-x"] {
            #expect(TraceInstance.run(of: name) == nil, "\(name)")
        }
    }
}
