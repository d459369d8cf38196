import LinuxSystem
import Netlink
import Synchronization

/// Answers each request with the next of some recorded datagrams, into which it writes the request's sequence number;
/// and keeps what was sent.
final class ScriptedChannel: NetlinkChannel {
    let portIdentifier: UInt32 = 0x1267
    private struct State {
        var script: [[[UInt8]]]
        var pending: [[UInt8]] = []
        var sent: [[UInt8]] = []
    }
    private let state: Mutex<State>

    /// - Parameter script: for each request the datagrams that follow it, each of one message or several.
    init(_ script: [[UInt8]]...) {
        state = Mutex(State(script: script))
    }

    var sent: [[UInt8]] { state.withLock { $0.sent } }

    func send(_ datagram: [UInt8]) throws {
        state.withLock { state in
            state.sent.append(datagram)
            let answers = state.script.isEmpty ? [] : state.script.removeFirst()
            state.pending += answers.map { Self.numbered($0, as: datagram[8..<12]) }
        }
    }

    func receive() throws -> [UInt8] {
        try state.withLock { state in
            // A real socket would wait, and give up.
            if state.pending.isEmpty { throw SystemError("read a netlink reply", errorNumber: 110) }
            return state.pending.removeFirst()
        }
    }

    /// Messages numbered 0 get the number of the request; others keep theirs.
    private static func numbered(_ datagram: [UInt8], as sequence: ArraySlice<UInt8>) -> [UInt8] {
        var numbered = datagram
        var offset = 0
        while let length = datagram[offset...].hostUInt32(), length >= 16 {
            if datagram[offset...].hostUInt32(at: 8) == 0 {
                numbered.replaceSubrange(offset + 8..<offset + 12, with: sequence)
            }
            offset += (Int(length) + 3) & ~3
            if offset >= datagram.count { break }
        }
        return numbered
    }
}
