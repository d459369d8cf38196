/// An open-addressing table from 64-bit keys to indexes: linear probing, deletion by shifting back, so that it never
/// fills with tombstones however long the run. Keys must be well spread (labels are hashes).
struct KeyTable {
    private var keys: ContiguousArray<UInt64>
    /// -1 marks an empty slot.
    private var values: ContiguousArray<Int32>
    private var mask: Int
    private(set) var count = 0

    init(capacity: Int = 1024) {
        var size = 16
        while size < capacity { size *= 2 }
        keys = ContiguousArray(repeating: 0, count: size)
        values = ContiguousArray(repeating: -1, count: size)
        mask = size - 1
    }

    @inline(__always)
    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 20) & mask
    }

    /// The value of `key`, or -1.
    @inline(__always)
    func find(_ key: UInt64) -> Int32 {
        var slot = home(key)
        while true {
            let value = values[slot]
            if value < 0 { return -1 }
            if keys[slot] == key { return value }
            slot = (slot + 1) & mask
        }
    }

    mutating func set(_ key: UInt64, to value: Int32) {
        if count * 4 >= values.count * 3 { grow() }
        var slot = home(key)
        while values[slot] >= 0 {
            if keys[slot] == key {
                values[slot] = value
                return
            }
            slot = (slot + 1) & mask
        }
        keys[slot] = key
        values[slot] = value
        count += 1
    }

    mutating func remove(_ key: UInt64) {
        var slot = home(key)
        while true {
            if values[slot] < 0 { return }
            if keys[slot] == key { break }
            slot = (slot + 1) & mask
        }
        count -= 1
        var hole = slot
        var probe = (slot + 1) & mask
        while values[probe] >= 0 {
            let wanted = home(keys[probe])
            // Move back whatever may stand at the hole: its home is not within (hole, probe].
            if (probe &- wanted) & mask >= (probe &- hole) & mask {
                keys[hole] = keys[probe]
                values[hole] = values[probe]
                hole = probe
            }
            probe = (probe + 1) & mask
        }
        values[hole] = -1
    }

    private mutating func grow() {
        let oldKeys = keys
        let oldValues = values
        keys = ContiguousArray(repeating: 0, count: oldKeys.count * 2)
        values = ContiguousArray(repeating: -1, count: oldKeys.count * 2)
        mask = values.count - 1
        count = 0
        for index in oldValues.indices where oldValues[index] >= 0 {
            set(oldKeys[index], to: oldValues[index])
        }
    }
}
