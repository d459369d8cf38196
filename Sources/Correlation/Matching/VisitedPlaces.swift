internal import WalkModel

/// A set of places that is emptied in one step: a place is in it if its mark is the current serial number.
struct VisitedPlaces: ~Copyable {
    private var marks: ContiguousArray<Int32> = []
    private var serial: Int32 = 0

    mutating func reserve(_ count: Int) {
        while marks.count < count { marks.append(0) }
    }

    mutating func begin() {
        serial &+= 1
        if serial == .max {
            serial = 1
            for index in marks.indices { marks[index] = 0 }
        }
    }

    /// - Returns: false where it is in the set already.
    @inline(__always)
    mutating func insert(_ place: UInt32) -> Bool {
        if marks[Int(place)] == serial { return false }
        marks[Int(place)] = serial
        return true
    }
}
