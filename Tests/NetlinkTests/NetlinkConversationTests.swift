import LinuxSystem
import Testing

@testable import Netlink

@Suite struct NetlinkConversationTests {
    private static let done = hex("14000000 0300 0200 00000000 67120000 00000000")
    /// A message of type 24 with one byte of payload.
    private static func route(_ number: UInt8, flags: String = "0200", sequence: String = "00000000") -> [UInt8] {
        hex("11000000 1800 \(flags) \(sequence) 67120000") + [number, 0, 0, 0]
    }
    private static func refusal(_ number: Int32) -> [UInt8] {
        hex("24000000 0200 0000 00000000 67120000") + withUnsafeBytes(of: -number) { Array($0) }
            + hex("10000000 1a00 0100 00000000 67120000")
    }
    private static let request = NetlinkRequest(type: 26, fixed: [2, 0, 0, 0])

    @Test func `a request is its header, its fixed part and its attributes, padded`() {
        var request = NetlinkRequest(type: 26, flags: 4, fixed: [2])
        request.append(1, UInt8(7))
        request.append(2, network: UInt16(0x0102))
        request.append(3, text: "lo")
        let bytes = request.bytes(sequence: 9, port: 0x1267)
        let expected = hex(
            """
            2c000000 1a00 0500 09000000 67120000  // 44 B, NLM_F_REQUEST | NLM_F_ACK
            02000000
            0500 0100 07000000
            0600 0200 01020000
            0700 0300 6c6f0000
            """)
        #expect(bytes == expected)
    }

    @Test func `a request of netfilter says its subsystem, family and group`() {
        let request = NetlinkRequest(subsystem: 4, message: 1, family: 2, resource: 0x59e7)
        #expect(request.bytes(sequence: 1, port: 0) == hex("14000000 0104 0100 01000000 00000000 02 00 59e7"))
    }

    @Test func `a dump gives the values of every datagram up to its end`() throws {
        let channel = ScriptedChannel([Self.route(1) + Self.route(2), Self.route(3), Self.done])
        var conversation = NetlinkConversation(channel)
        let values = try conversation.dump(Self.request, "read the routes") { $0.payload.byte() }
        #expect(values == [1, 2, 3])
        // NLM_F_REQUEST | NLM_F_DUMP, and the number 1.
        #expect(channel.sent.map { Array($0[6..<12]) } == [[0x01, 0x03, 1, 0, 0, 0]])
    }

    @Test func `what belongs to another request is passed over`() throws {
        let channel = ScriptedChannel([Self.route(9, sequence: "ff000000") + Self.route(1), Self.done])
        var conversation = NetlinkConversation(channel)
        #expect(try conversation.dump(Self.request, "read the routes") { $0.payload.byte() } == [1])
    }

    @Test func `a dump that a change interrupts is asked for again`() throws {
        let interrupted = [Self.route(1, flags: "1200"), Self.done]
        let channel = ScriptedChannel(interrupted, [Self.route(1) + Self.route(2), Self.done])
        var conversation = NetlinkConversation(channel)
        #expect(try conversation.dump(Self.request, "read the routes") { $0.payload.byte() } == [1, 2])
        #expect(channel.sent.count == 2)
        // After three times what came last counts.
        let busy = ScriptedChannel(interrupted, interrupted, interrupted, [Self.done])
        conversation = NetlinkConversation(busy)
        #expect(try conversation.dump(Self.request, "read the routes") { $0.payload.byte() } == [1])
        #expect(busy.sent.count == 3)
    }

    @Test func `a dump ends at its limit`() throws {
        var conversation = NetlinkConversation(ScriptedChannel([Self.route(1) + Self.route(2) + Self.route(3)]))
        #expect(try conversation.dump(Self.request, "read the routes", limit: 2) { $0.payload.byte() } == [1, 2])
    }

    @Test func `a refused dump throws the kernel's number, at its beginning and at its end`() {
        let late = hex("14000000 0300 0200 00000000 67120000 ffffffff")
        for answers in [[Self.refusal(1)], [Self.route(1), late]] {
            var conversation = NetlinkConversation(ScriptedChannel(answers))
            #expect(throws: SystemError("read the routes", errorNumber: 1)) {
                try conversation.dump(Self.request, "read the routes") { $0.payload.byte() }
            }
        }
    }

    @Test func `one question has one answer, which is not waited beyond`() throws {
        var conversation = NetlinkConversation(ScriptedChannel([Self.route(5)], [Self.refusal(0)]))
        #expect(try conversation.ask(Self.request, "ask")?.payload.byte() == 5)
        #expect(try conversation.ask(Self.request, "ask") == nil)
    }

    @Test func `a refusal is an answer or an error, as the caller likes`() throws {
        var conversation = NetlinkConversation(ScriptedChannel([Self.refusal(101)], [Self.refusal(101)]))
        #expect(try conversation.answer(to: Self.request) == .refused(errorNumber: 101, explanation: nil))
        #expect(throws: SystemError("find a route", errorNumber: 101)) {
            try conversation.ask(Self.request, "find a route")
        }
    }

    @Test func `several requests go out as one datagram under one number`() throws {
        let channel = ScriptedChannel([Self.refusal(0)])
        var conversation = NetlinkConversation(channel)
        #expect(try conversation.answer(to: Self.request, Self.request) == .acknowledged)
        #expect(
            channel.sent == [
                Self.request.bytes(sequence: 1, port: 0x1267) + Self.request.bytes(sequence: 1, port: 0x1267)
            ])
    }

    @Test func `a channel that fails, or gives no netlink, throws`() {
        var conversation = NetlinkConversation(ScriptedChannel([]))
        #expect(throws: SystemError("read a netlink reply", errorNumber: 110)) {
            try conversation.ask(Self.request, "ask")
        }
        conversation = NetlinkConversation(ScriptedChannel([[1, 2, 3]]))
        #expect(throws: MalformedNetlink(offset: 0)) { try conversation.ask(Self.request, "ask") }
    }

    @Test func `an error carries the kernel's text`() {
        let error = SystemError("add a route", errorNumber: 22, explanation: "Nexthop has invalid gateway")
        #expect(error.description == "cannot add a route: Invalid argument (the kernel: Nexthop has invalid gateway)")
        #expect(SystemError("add a route", errorNumber: 22).description == "cannot add a route: Invalid argument")
    }
}

/// Over real sockets: rtnetlink answers everybody, and what is asked for here changes nothing.
@Suite struct NetlinkSocketTests {
    /// RTM_GETLINK of rtnetlink(7), with struct ifinfomsg.
    private static func links(index: Int32) -> NetlinkRequest {
        NetlinkRequest(
            type: 18, fixed: [0, 0, 0, 0] + withUnsafeBytes(of: index) { Array($0) } + [UInt8](repeating: 0, count: 8))
    }

    @Test func `the kernel lists the loopback, and answers for it alone`() throws {
        let socket = try NetlinkSocket(.route)
        #expect(socket.portIdentifier != 0)
        var conversation = NetlinkConversation(socket)
        let names = try conversation.dump(Self.links(index: 0), "read the links") { $0.attributes(after: 16)[3]?.text }
        #expect(names.contains("lo"))
        let answer = try #require(try conversation.ask(Self.links(index: 1), "read a link"))
        #expect(answer.type == 16 && answer.payload.hostUInt32(at: 4) == 1)
    }

    @Test func `the kernel refuses a device that is not there`() throws {
        var conversation = NetlinkConversation(try NetlinkSocket(.route))
        guard case .refused(let number, _) = try conversation.answer(to: Self.links(index: .max)) else {
            Issue.record("a device of that number exists")
            return
        }
        #expect(number == 19)  // ENODEV
    }

    @Test func `the kernel explains what it refuses`() throws {
        var conversation = NetlinkConversation(try NetlinkSocket(.route))
        // RTM_GETNSID that does not say of which namespace.
        let request = NetlinkRequest(type: 90, fixed: [0, 0, 0, 0])
        guard case .refused(let number, let explanation) = try conversation.answer(to: request) else {
            Issue.record("the kernel numbers a namespace that is not named")
            return
        }
        #expect(number == 22)
        #expect(explanation?.isEmpty == false)
    }

    @Test func `an event socket without events has nothing, and has dropped nothing`() throws {
        let socket = try NetlinkSocket(.route, groups: [1], bufferBytes: 1 << 16)
        var buffer = [UInt8](repeating: 0, count: 4096)
        if case .failed(let number) = socket.take(into: &buffer) { Issue.record("the socket failed: \(number)") }
        #expect(socket.drops == 0)
    }
}
