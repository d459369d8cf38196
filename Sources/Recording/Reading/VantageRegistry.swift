internal import Observations

/// Numbers for the vantage points of captures that others made, over all of them.
final class VantageRegistry {
    private var numbers: [VantagePoint: UInt32] = [:]
    static let limit = 1 << 16
    /// Beyond those of a recording that is read with them: these count from 0.
    private static let first: UInt32 = 1 << 16

    private var packets: UInt32 = 0

    /// The number of the next packet of theirs, in the order in which they are given: what equal times don't tell.
    func nextPacket() -> UInt32 {
        packets &+= 1
        return packets
    }

    /// Nil where a hostile file has used them up.
    func number(_ point: VantagePoint) -> (number: UInt32, isNew: Bool)? {
        if let known = numbers[point] { return (known, false) }
        guard numbers.count < Self.limit else { return nil }
        let number = Self.first + UInt32(numbers.count)
        numbers[point] = number
        return (number, true)
    }
}
