extension Sequence<String> {
    /// The word that `typed` was probably meant to be: the nearest, at most two letters wrong, missing or too many, and
    /// not all of them; nil where none is so near.
    public func nearest(to typed: String) -> String? {
        map { (word: $0, distance: editDistance($0, typed)) }
            .filter { $0.distance <= 2 && $0.distance < $0.word.count }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }
}

/// Levenshtein's: letters to insert, delete or replace. Costs the product of the lengths; 3 stands for any more where
/// the lengths alone show it.
private func editDistance(_ one: String, _ other: String) -> Int {
    guard abs(one.count - other.count) <= 2 else { return 3 }
    let other = Array(other)
    var row = Array(0...other.count)
    for (number, letter) in one.enumerated() {
        var diagonal = row[0]
        row[0] = number + 1
        for column in other.indices {
            let replaced = diagonal + (letter == other[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = Swift.min(replaced, diagonal + 1, row[column] + 1)
        }
    }
    return row[other.count]
}
