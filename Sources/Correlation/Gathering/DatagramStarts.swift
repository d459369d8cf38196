internal import WalkModel

/// IPv6 datagrams of which only fragments were seen, by how they begin.
///
/// A datagram that is whole at one place and in fragments at another is known by its beginning alone, and so is one that a
/// router put together and cut again, under another identification. As long as nothing but fragments was seen, and none
/// that began somewhere in the middle of the path, each identification is a datagram of its own: those of a stream whose
/// datagrams all begin alike stay apart, and none is compared with the others.
struct DatagramStarts {
    private struct Known {
        /// Where all of them were seen first.
        var place: UInt32
        /// Keys of their groups, some of which may have ended.
        var keys: [UInt64]
        /// So many keys are looked through for those that have ended.
        var limit = 16
    }

    private var known: [UInt64: Known] = [:]
    var count: Int { known.count }
    private var limit = 1024

    /// Takes a datagram of which a first fragment was seen.
    /// - Parameters:
    ///   - key: of its group, which is open.
    ///   - place: where the first of its fragments was seen.
    ///   - isOpen: whether the group of a key is open.
    /// - Returns: keys of the datagrams that may be this one, where some may be, this one's with them.
    mutating func note(
        _ start: UInt64, of key: UInt64, at place: UInt32, isOpen: (UInt64) -> Bool
    ) -> [UInt64] {
        // Taken out, so that its keys are not copied.
        guard var entry = known.removeValue(forKey: start) else {
            known[start] = Known(place: place, keys: [key])
            forgetEnded(isOpen)
            return []
        }
        entry.keys.append(key)
        if entry.place != place {
            entry.keys.removeAll { !isOpen($0) }
            if entry.keys.count > 1 { return entry.keys }
            entry.place = place
        }
        if entry.keys.count > entry.limit {
            entry.keys.removeAll { !isOpen($0) }
            entry.limit = max(16, 2 * entry.keys.count)
        }
        known[start] = entry
        return []
    }

    /// Gives all datagrams that begin so.
    mutating func takeAll(_ start: UInt64) -> [UInt64] {
        known.isEmpty ? [] : known.removeValue(forKey: start)?.keys ?? []
    }

    private mutating func forgetEnded(_ isOpen: (UInt64) -> Bool) {
        guard known.count > limit else { return }
        known = known.filter { $0.value.keys.contains(where: isOpen) }
        limit = max(1024, 2 * known.count)
    }
}
