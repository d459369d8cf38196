import Observations
import Testing
import Network
import Wire

@testable import Probes

/// The rules of `RecordedTrace`.
let tracedNamespace = {
    var namespace = Namespace(name: "host", inode: 1, path: "")
    func chain(_ name: String, hook: NetfilterHook? = nil, _ rules: [(UInt64, String)]) -> RuleChain {
        RuleChain(
            backend: "nft", family: "inet", table: "fw", name: name, hook: hook, priority: hook == nil ? nil : 0,
            policy: hook == nil ? nil : "accept",
            rules: rules.enumerated().map { Rule(position: $0.offset + 1, handle: $0.element.0, text: $0.element.1) })
    }
    func legacy(_ name: String, _ rules: [String]) -> RuleChain {
        let isBuiltIn = name == "INPUT"
        return RuleChain(
            backend: "iptables-legacy", family: "ip", table: "filter", name: name, hook: isBuiltIn ? .input : nil,
            policy: isBuiltIn ? "accept" : nil,
            rules: rules.enumerated().map { Rule(position: $0.offset + 1, text: $0.element) })
    }
    namespace.netfilter.chains = [
        chain("b", [(4, "ip daddr 127.0.0.1 counter"), (5, "icmp type echo-request return")]),
        chain("a", [(6, "icmp type echo-request jump b")]),
        chain("in", hook: .input, [(7, "ip protocol icmp counter"), (8, "jump a")]),
        legacy("INPUT", ["-A INPUT -p icmp -j sub", "-A INPUT -p icmp -j ACCEPT"]),
        legacy("sub", ["-A sub -p tcp -j ACCEPT"]),
    ]
    namespace.links = [Link(name: "lo", index: 1, kind: "loopback")]
    return namespace
}()

@Suite struct TraceAssemblyTests {
    private let index = RulesetIndex(tracedNamespace)
    private var assembly = TraceAssembly(namespace: "host")

    private mutating func take(_ text: String) throws -> (key: HeaderKey?, event: RuleEvent)? {
        let message = try #require(try RecordedTrace.message(text))
        return assembly.take(message, index: index, timeNanoseconds: 42)
    }

    @Test mutating func `every rule of a way bears the packet of its first message`() throws {
        let first = try #require(try take(RecordedTrace.first))
        #expect(first.event.reference.position == 1 && first.event.reference.handle == 7)
        #expect(first.event.reference.text == "ip protocol icmp counter")
        #expect(first.event.verdict == "continue" && first.event.hook == .input && first.event.baseChain == "in")
        #expect(first.event.inDevice == "lo" && first.event.namespace == "host" && first.event.timeNanoseconds == 42)
        #expect(first.event.headers.tuple.source == IPAddress("127.0.0.1"))
        // Too few bytes for a label, enough for a key.
        #expect(first.event.headers.label == 0)
        let packet = RecordedTrace.bytes(RecordedTrace.packet)
        #expect(first.key != nil && first.key == HeaderKey(packet: packet.span.bytes, linkType: .raw))

        let jump = try #require(try take(RecordedTrace.jump))
        #expect(jump.event.verdict == "jump a" && jump.event.reference.position == 2)
        let onward = try #require(try take(RecordedTrace.jumpOn))
        #expect(onward.event.reference.chain == "a" && onward.event.verdict == "jump b")
        let back = try #require(try take(RecordedTrace.back))
        #expect(back.event.verdict == "return" && back.event.reference.position == 2)
        #expect(back.key == first.key && back.event.headers == first.event.headers)
        #expect(back.event.baseChain == "in" && back.event.hook == .input)
        #expect(try take(RecordedTrace.end) == nil)
        let policy = try #require(try take(RecordedTrace.policy))
        #expect(policy.event.verdict == "policy accept" && policy.event.reference.position == nil)
        #expect(assembly.lost == 0)
    }

    @Test mutating func `what comes without its packet is lost, not another packet's`() throws {
        #expect(try take(RecordedTrace.jump) == nil)
        #expect(assembly.lost == 1)
        _ = try take(RecordedTrace.first)
        _ = try take(RecordedTrace.policy)
        // The way has ended: the same identifier again, without headers, is a packet whose beginning is missing.
        #expect(try take(RecordedTrace.policy) == nil)
        #expect(assembly.lost == 2)
    }

    @Test mutating func `a chain that nothing led to shows a gap`() throws {
        _ = try take(RecordedTrace.first)
        #expect(try take(RecordedTrace.back) != nil)
        #expect(assembly.lost == 1)
    }

    @Test mutating func `a way that begins anew before its end shows a gap`() throws {
        _ = try take(RecordedTrace.first)
        _ = try take(RecordedTrace.first)
        #expect(assembly.lost == 1)
    }

    @Test mutating func `behind an overrun only what has headers is taken until the socket was empty`() throws {
        _ = try take(RecordedTrace.first)
        assembly.overrun()
        #expect(try take(RecordedTrace.jump) == nil)
        #expect(try take(RecordedTrace.first) != nil)
        #expect(try take(RecordedTrace.policy) == nil)
        assembly.drained()
        #expect(assembly.takeLost() >= 3)
        _ = try take(RecordedTrace.first)
        #expect(try take(RecordedTrace.policy) != nil)
        #expect(assembly.takeLost() == 0)
    }

    @Test mutating func `our own tables are passed over`() throws {
        // "packetwalk-1.2.3" for the table "fw": 16 characters and a NUL.
        let own = RecordedTrace.first.replacing(
            "0700 0100 667700 00", with: "1500 0100 7061636b 65747761 6c6b2d31 2e322e33 00 000000"
        ).replacing("a8000000", with: "b8000000")
        #expect(try RecordedTrace.message(own)?.table == "packetwalk-1.2.3")
        #expect(try take(own) == nil)
        #expect(assembly.lost == 0)
    }

    @Test mutating func `our own rule in a chain of others begins the way but is not told`() throws {
        let message = try #require(try RecordedTrace.message(RecordedTrace.first))
        #expect(assembly.take(message, isOwn: true, index: index, timeNanoseconds: 0) == nil)
        #expect(try take(RecordedTrace.jump) != nil)
        #expect(assembly.lost == 0)
    }

    @Test mutating func `a rule that the snapshot lacks is named by its handle`() throws {
        let text = RecordedTrace.first.replacing("0000000000000007", with: "0000000000000063")
        let event = try #require(try take(text)?.event)
        #expect(event.reference.handle == 99 && event.reference.position == nil && event.reference.text == nil)
        #expect(assembly.metUnknownRule)
    }

    @Test mutating func `a drop by a rule with an answer is a reject`() throws {
        var namespace = tracedNamespace
        namespace.netfilter.chains[2].rules[0].text = "ip protocol icmp counter reject with icmp port-unreachable"
        let dropped = RecordedTrace.first.replacing("0800 0100 ffffffff", with: "0800 0100 00000000")
        let message = try #require(try RecordedTrace.message(dropped))
        let event = assembly.take(message, index: RulesetIndex(namespace), timeNanoseconds: 0)?.event
        #expect(event?.verdict == "reject")
        #expect(try take(dropped)?.event.verdict == "drop")
    }
}
