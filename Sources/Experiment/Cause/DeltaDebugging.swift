/// Narrows a set of changes that together do something to a smallest one that still does (Zeller's ddmin).
///
/// Smallest means that no single change can be left out. With `n` changes, of which one alone does it, about `2 log2 n`
/// tests are made.
struct DeltaDebugging<Change: Sendable, Failure: Error> {
    /// Whether these changes do it.
    var test: ([Change]) throws(Failure) -> Bool

    /// - Parameter changes: those that are known to do it together.
    func smallest(of changes: [Change]) throws(Failure) -> [Change] {
        var current = changes
        var parts = 2
        while current.count > 1 {
            let chunks = Self.split(current, into: parts)
            if let found = try first(of: chunks) {
                current = found
                parts = 2
                continue
            }
            // With two parts the complements are the parts themselves.
            if parts > 2, let found = try first(of: Self.complements(of: chunks)) {
                current = found
                parts = max(parts - 1, 2)
                continue
            }
            if parts >= current.count { break }
            parts = min(parts * 2, current.count)
        }
        return current
    }

    private func first(of sets: [[Change]]) throws(Failure) -> [Change]? {
        for set in sets where try test(set) { return set }
        return nil
    }

    static func split(_ changes: [Change], into parts: Int) -> [[Change]] {
        var result: [[Change]] = []
        var start = 0
        for part in 0..<parts {
            let end = changes.count * (part + 1) / parts
            if end > start { result.append(Array(changes[start..<end])) }
            start = end
        }
        return result
    }

    private static func complements(of chunks: [[Change]]) -> [[Change]] {
        chunks.indices.map { index in
            chunks.indices.filter { $0 != index }.flatMap { chunks[$0] }
        }
    }
}
