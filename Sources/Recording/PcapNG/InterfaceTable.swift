internal import Observations

/// Which vantage point an interface block stands for, in each direction. Writer and reader keep the same table, so a
/// packet need not name its vantage point.
struct InterfaceTable {
    private struct Entry {
        var interface: UInt32
        var point: VantagePoint
    }

    private var entries: [UInt32: Entry] = [:]
    private var vantages: [UInt64: UInt32] = [:]

    private static func key(_ interface: UInt32, _ direction: VantagePoint.Direction?) -> UInt64 {
        UInt64(interface) << 2 | (direction == .in ? 1 : direction == .out ? 2 : 0)
    }

    mutating func declare(_ id: UInt32, _ point: VantagePoint, interface: UInt32) {
        entries[id] = Entry(interface: interface, point: point)
        vantages[Self.key(interface, point.direction)] = id
    }

    func point(_ id: UInt32) -> VantagePoint? { entries[id]?.point }
    func interface(_ id: UInt32) -> UInt32 { entries[id]?.interface ?? 0 }
    func vantage(_ interface: UInt32, direction: VantagePoint.Direction?) -> UInt32? {
        vantages[Self.key(interface, direction)]
    }
}
