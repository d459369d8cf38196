internal import Observations
internal import Wire

/// The places of records, found by what a record says: an open-addressing table, since this is asked for each packet.
struct SightingPlaces {
    struct Place {
        var vantage: VantageID
        var linkType: LinkType
    }

    private struct Slot {
        var key: UInt64 = 0
        var place: Place?
    }

    private var slots: ContiguousArray<Slot> = [Slot()]

    init() {}

    init(_ places: [(key: UInt64, place: Place)]) {
        var size = 16
        while size < places.count * 2 { size *= 2 }
        slots = ContiguousArray(repeating: Slot(), count: size)
        for (key, place) in places {
            var index = home(key)
            while slots[index].place != nil, slots[index].key != key { index = (index + 1) & (size - 1) }
            slots[index] = Slot(key: key, place: place)
        }
    }

    func find(_ key: UInt64) -> Place? {
        var index = home(key)
        while let place = slots[index].place {
            if slots[index].key == key { return place }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & (slots.count - 1)
    }

    /// What a record says of its place, in one number: places of hooks have at most 19 bits below the namespace, indexes of
    /// devices are far below 2³⁰.
    static func key(_ kind: SightingRecord.Kind, _ place: UInt64) -> UInt64 { place ^ UInt64(kind.rawValue) << 30 }
}
