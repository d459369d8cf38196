/// Narrows a set of changes that together do something to a smallest one that still does (Zeller's ddmin).
///
/// Smallest means that no single change can be left out. With `n` changes, of which one alone does it, about `2 log2 n`
/// tests are made.
struct DeltaDebugging<Change: Sendable, Failure: Error> {
    /// The first of several sets that does it; nil where none does.
    private let firstOf: ([[Change]]) throws(Failure) -> [Change]?

    /// One set after the other, no more than it takes.
    init(test: @escaping ([Change]) throws(Failure) -> Bool) {
        firstOf = { sets throws(Failure) in
            for set in sets where try test(set) { return set }
            return nil
        }
    }

    /// Several sets at once: whether each does it.
    init(atOnce tests: @escaping ([[Change]]) throws(Failure) -> [Bool]) {
        firstOf = { sets throws(Failure) in
            zip(sets, try tests(sets)).first { $0.1 }?.0
        }
    }

    /// - Parameter changes: those that are known to do it together.
    func smallest(of changes: [Change]) throws(Failure) -> [Change] {
        var current = changes
        var parts = 2
        while current.count > 1 {
            let chunks = Self.split(current, into: parts)
            if let found = try firstOf(chunks) {
                current = found
                parts = 2
                continue
            }
            // With two parts the complements are the parts themselves.
            if parts > 2, let found = try firstOf(Self.complements(of: chunks)) {
                current = found
                parts = max(parts - 1, 2)
                continue
            }
            if parts >= current.count { break }
            parts = min(parts * 2, current.count)
        }
        return current
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
