internal import WalkModel

/// An open-addressing table from 64-bit keys to indexes: linear probing, deletion by shifting back, so that it never
/// fills with tombstones however long the run. Keys must be well spread (labels are hashes).
struct KeyTable {
    private struct Slot {
        var key: UInt64 = 0
        /// -1 marks an empty slot.
        var value: Int32 = -1
    }

    private var slots: ContiguousArray<Slot>
    private var mask: Int
    private(set) var count = 0

    init(capacity: Int = 1024) {
        var size = 16
        while size < capacity { size *= 2 }
        slots = ContiguousArray(repeating: Slot(), count: size)
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
            let value = slots[slot].value
            if value < 0 || slots[slot].key == key { return value }
            slot = (slot + 1) & mask
        }
    }

    mutating func set(_ key: UInt64, to value: Int32) {
        if count * 4 >= slots.count * 3 { grow() }
        var slot = home(key)
        while slots[slot].value >= 0 {
            if slots[slot].key == key {
                slots[slot].value = value
                return
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = Slot(key: key, value: value)
        count += 1
    }

    mutating func remove(_ key: UInt64) {
        var slot = home(key)
        while true {
            if slots[slot].value < 0 { return }
            if slots[slot].key == key { break }
            slot = (slot + 1) & mask
        }
        count -= 1
        var hole = slot
        var probe = (slot + 1) & mask
        while slots[probe].value >= 0 {
            let wanted = home(slots[probe].key)
            // Move back whatever may stand at the hole: its home is not within (hole, probe].
            if (probe &- wanted) & mask >= (probe &- hole) & mask {
                slots[hole] = slots[probe]
                hole = probe
            }
            probe = (probe + 1) & mask
        }
        slots[hole].value = -1
    }

    private mutating func grow() {
        let old = slots
        slots = ContiguousArray(repeating: Slot(), count: old.count * 2)
        mask = slots.count - 1
        count = 0
        for slot in old where slot.value >= 0 { set(slot.key, to: slot.value) }
    }
}
