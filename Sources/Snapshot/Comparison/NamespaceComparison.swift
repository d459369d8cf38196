internal import Network

/// Compares two states of one namespace, part by part.
struct NamespaceComparison {
    let before: NamespaceSnapshot
    let after: NamespaceSnapshot
    private(set) var found: [SnapshotDifference] = []

    init(before: NamespaceSnapshot, after: NamespaceSnapshot) {
        self.before = before
        self.after = after
    }

    mutating func compare() {
        comparePresence()
        compareIdentifiers()
        compareLinks()
        compareAddresses()
        keyed(.nexthops, "next-hop object", before.nexthops, after.nexthops) { $0["id"]?.compact ?? "" }
        compareRoutes()
        compareNeighbours()
        compareSysctls()
        compareRulesets()
        compareState()
        unordered(.queues, "queueing discipline", Self.queues(before), Self.queues(after))
        unordered(.filters, "filter", Self.texts(before.filters), Self.texts(after.filters))
        unordered(.programs, "program", Self.texts(before.programs), Self.texts(after.programs))
        unordered(.policies, "xfrm policy", Self.texts(before.policies), Self.texts(after.policies))
        // Of what was not read nothing is known.
        let unread = before.unread.union(after.unread)
        found.removeAll { unread.contains($0.part) && !$0.text.hasPrefix("could not read ") }
    }

    private mutating func comparePresence() {
        for part in after.unread.subtracting(before.unread).sorted(by: { $0.rawValue < $1.rawValue }) {
            add(part, "could not read the part \(part.rawValue)")
        }
        for part in before.unread.subtracting(after.unread).sorted(by: { $0.rawValue < $1.rawValue }) {
            add(part, "could not read the part \(part.rawValue) before")
        }
    }

    // MARK: Ways to compare

    mutating func add(_ part: SnapshotDifference.Part, _ text: String) {
        found.append(SnapshotDifference(namespace: after.name, part: part, text: text))
    }

    /// As sets in which one element may stand several times.
    mutating func unordered(_ part: SnapshotDifference.Part, _ what: String, _ old: [String], _ new: [String]) {
        let (gone, made) = Self.changes(old, new)
        for text in gone { add(part, "\(what) is gone: \(text)") }
        for text in made { add(part, "\(what) is new: \(text)") }
    }

    /// As lists: where the same elements stand in another order, that is told.
    mutating func ordered(_ part: SnapshotDifference.Part, _ what: String, _ old: [String], _ new: [String]) {
        if old == new { return }
        let (gone, made) = Self.changes(old, new)
        for text in gone { add(part, "\(what) is gone: \(text)") }
        for text in made { add(part, "\(what) is new: \(text)") }
        if let place = Self.firstMoved(old, new, gone: gone, made: made) {
            add(part, "\(what) comes in another order: \(place.new) stands where \(place.old) stood")
        }
    }

    /// Objects by a key: each value in which two of the same key differ is told.
    mutating func keyed(
        _ part: SnapshotDifference.Part, _ what: String, _ old: [JSONTree], _ new: [JSONTree],
        by key: (JSONTree) -> String
    ) {
        func table(_ elements: [JSONTree]) -> [String: [String: String]] {
            Dictionary(elements.map { (key($0), Self.flat($0)) }, uniquingKeysWith: { first, _ in first })
        }
        fields(part, what, table(old), table(new))
    }

    mutating func fields(
        _ part: SnapshotDifference.Part, _ what: String, _ old: [String: [String: String]],
        _ new: [String: [String: String]]
    ) {
        for name in Set(old.keys).union(new.keys).sorted() {
            guard let new = new[name] else {
                add(part, "\(what) \(name) is gone")
                continue
            }
            guard let old = old[name] else {
                add(part, "\(what) \(name) is new")
                continue
            }
            for field in Set(old.keys).union(new.keys).sorted() where old[field] != new[field] {
                add(part, "\(what) \(name): \(field) \(new[field] ?? "not set"), was \(old[field] ?? "not set")")
            }
        }
    }

    /// Which elements of two lists have no counterpart in the other one.
    static func changes(_ old: [String], _ new: [String]) -> (gone: [String], made: [String]) {
        var counts: [String: Int] = [:]
        for text in new { counts[text, default: 0] += 1 }
        var gone: [String] = []
        for text in old {
            if let count = counts[text], count > 0 { counts[text] = count - 1 } else { gone.append(text) }
        }
        var made: [String] = []
        for text in new.reversed() {
            if let count = counts[text], count > 0 {
                counts[text] = count - 1
                made.append(text)
            }
        }
        return (gone, made.reversed())
    }

    private static func firstMoved(
        _ old: [String], _ new: [String], gone: [String], made: [String]
    ) -> (old: String, new: String)? {
        let kept = (Self.without(gone, old), Self.without(made, new))
        guard let index = kept.0.indices.first(where: { kept.1.indices.contains($0) && kept.0[$0] != kept.1[$0] })
        else {
            return nil
        }
        return (kept.0[index], kept.1[index])
    }

    private static func without(_ taken: [String], _ list: [String]) -> [String] {
        var counts: [String: Int] = [:]
        for text in taken { counts[text, default: 0] += 1 }
        return list.filter { text in
            guard let count = counts[text], count > 0 else { return true }
            counts[text] = count - 1
            return false
        }
    }

    // MARK: Forms

    /// An object's values by their paths: `linkinfo.info_data.ageing_time`.
    static func flat(_ tree: JSONTree, _ path: String = "") -> [String: String] {
        var values: [String: String] = [:]
        for member in tree.members {
            let name = path.isEmpty ? member.key : "\(path).\(member.key)"
            if member.value.members.isEmpty {
                values[name] = member.value.string ?? member.value.compact
            } else {
                values.merge(flat(member.value, name)) { first, _ in first }
            }
        }
        return values
    }

    /// What waits in them comes and goes.
    private static func queues(_ namespace: NamespaceSnapshot) -> [String] {
        texts(namespace.queues.map { $0.removing(["backlog_bytes", "backlog_packets"]) })
    }

    static func texts(_ elements: [JSONTree]) -> [String] {
        elements.map(\.compact)
    }
}
