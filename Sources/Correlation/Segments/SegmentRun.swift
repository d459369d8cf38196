internal import WalkModel

/// Open label groups of a TCP stream of which the first one's range contains the others'.
struct SegmentRun {
    var hull: SequenceRange
    var numbers: [Int32]
    /// Ranges of runs that overlap it, and their groups.
    var others: [SequenceRange] = []
    var overlapping: [Int32] = []

    /// An open label group, with what it holds of its stream.
    struct Entry {
        var range: SequenceRange
        var number: Int32
        /// Of its start, from some point of its stream.
        var offset: Int32
    }

    /// Puts groups into runs: those that start earlier come first, and of these the longer.
    static func runs(of entries: [Entry]) -> [SegmentRun] {
        let ordered = entries.sorted {
            ($0.range.stream, $0.offset, $1.range.length, $0.number)
                < ($1.range.stream, $1.offset, $0.range.length, $1.number)
        }
        var runs: [SegmentRun] = []
        for entry in ordered {
            var run = SegmentRun(hull: entry.range, numbers: [entry.number])
            if let last = runs.indices.last {
                if runs[last].hull.contains(entry.range) {
                    runs[last].numbers.append(entry.number)
                    continue
                }
                if runs[last].hull.overlaps(entry.range) {
                    run.others = [runs[last].hull]
                    run.overlapping = runs[last].numbers
                    runs[last].others.append(entry.range)
                    runs[last].overlapping.append(entry.number)
                }
            }
            runs.append(run)
        }
        return runs
    }
}
