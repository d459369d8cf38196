import Netlink
import Synchronization

@testable import LinuxSystem
@testable import Discovery
@testable import Network

/// Answers requests with recorded messages, by request type and address family.
final class RecordedChannel: NetlinkChannel {
    struct Request: Hashable {
        var type: UInt16
        var family: UInt8 = 0
    }

    let portIdentifier: UInt32 = 4711
    private let answers: [Request: [[UInt8]]]
    private let pending = Mutex<[UInt8]>([])
    private let flags: UInt16

    /// - Parameters:
    ///   - answers: the messages for each request: a type (16 for RTM_NEWLINK, …) and lines of hexadecimal.
    ///   - flags: of every message, 2 for NLM_F_MULTI.
    init(_ answers: [Request: [(type: UInt16, lines: [String])]], flags: UInt16 = 2) {
        self.answers = answers.mapValues { messages in messages.map { Self.message($0.type, Self.bytes($0.lines)) } }
        self.flags = flags
    }

    static func bytes(_ lines: [String]) -> [UInt8] {
        let digits = Array(lines.joined().utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }

    static func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    /// With sequence number 0.
    static func message(_ type: UInt16, _ payload: [UInt8], flags: UInt16 = 2) -> [UInt8] {
        number(UInt32(16 + payload.count)) + number(type) + number(flags) + number(UInt32(0)) + number(UInt32(4711))
            + payload + [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
    }

    func send(_ request: [UInt8]) throws {
        let rest = request[...]
        guard let type = rest.hostUInt16(at: 4), let family = rest.byte(at: 16) else { return }
        let isDump = (rest.hostUInt16(at: 6) ?? 0) & 0x300 == 0x300
        var answer = answers[Request(type: type, family: family)] ?? []
        // NLMSG_DONE ends a dump; an error of 0 a request that nobody answers.
        if isDump { answer.append(Self.message(3, Self.number(Int32(0)))) }
        if !isDump, answer.isEmpty { answer = [Self.message(2, Self.number(Int32(-95)))] }
        let sequence = Array(request[8..<12])
        pending.withLock { $0 = answer.flatMap { $0[..<8] + sequence + $0[12...] } }
    }

    func receive() throws -> [UInt8] {
        let datagram = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        // A real socket would wait for ever.
        if datagram.isEmpty { throw SystemError("read a netlink reply", errorNumber: 11) }
        return datagram
    }
}
