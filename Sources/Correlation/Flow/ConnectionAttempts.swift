import Observations
import Wire

/// The SYNs that were seen, by where they go and which ports they bear: of a connect(2) that fails, whether its packet had
/// left.
///
/// A fixed table without a search, since every SYN passes here: of two attempts with one slot the later one stays.
struct ConnectionAttempts: ~Copyable {
    /// 0 for an empty slot.
    private var keys = ContiguousArray<UInt64>(repeating: 0, count: 4096)

    /// Takes up what was seen, where it opens a connection.
    @inline(__always)
    mutating func see(_ headers: borrowing PacketHeaders) {
        guard headers.tcpFlags & 0b1_0010 == 0b10 else { return }
        let key = Self.key(headers.destination, headers.sourcePort, headers.destinationPort)
        keys[Int(truncatingIfNeeded: key >> 52)] = key
    }

    /// Whether the packet of a failed call was seen: the error came back for it, and says what became of it.
    func hold(_ failure: SendFailure) -> Bool {
        let tuple = failure.tuple
        guard tuple.ipProtocol == .tcp, tuple.sourcePort != 0 else { return false }
        let key = Self.key(tuple.destination, tuple.sourcePort, tuple.destinationPort)
        return keys[Int(truncatingIfNeeded: key >> 52)] == key
    }

    private static func key(_ destination: IPAddress, _ sourcePort: UInt16, _ destinationPort: UInt16) -> UInt64 {
        let ports = UInt64(sourcePort) << 16 | UInt64(destinationPort)
        return mix(destination.low ^ mix(destination.high, 1 << 44), ports) | 1
    }
}
