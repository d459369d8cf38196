/// Where a rule hands a packet to a program: NFQUEUE, nft's `queue` (iptables-extensions(8), nft(8)).
package struct PacketQueue: Hashable, Sendable {
    /// One of them is chosen for each packet.
    package var numbers: ClosedRange<UInt16>
    /// Whether a packet goes on where no program is bound to the queue (`--queue-bypass`, `flags bypass`); else it is
    /// dropped (`nf_queue`).
    package var mayBypass: Bool

    package init(numbers: ClosedRange<UInt16> = 0...0, mayBypass: Bool = false) {
        self.numbers = numbers
        self.mayBypass = mayBypass
    }

    /// `queue 0`, `queues 0 to 3`.
    package var words: String {
        numbers.count == 1
            ? "queue \(numbers.lowerBound)" : "queues \(numbers.lowerBound) to \(numbers.upperBound)"
    }
}
