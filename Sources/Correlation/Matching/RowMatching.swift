internal import WalkModel
import Observations

/// Which sightings after an edge are of the same packets as which ones before it.
///
/// Packets that look alike come along an edge one after the other: those seen before it are one row, those seen after
/// it another, both in order. A matching is a pure function of the two rows.
struct RowMatching {
    /// A sighting as it stands in its row.
    struct Entry {
        /// In its group.
        var position: Int32
        var timeNanoseconds: Int64
        var sourceSequence: UInt32
        var clock: Observation.Clock

        /// Numbered by its namespace's log.
        var isLogged: Bool { clock != .passage && sourceSequence != 0 }
    }

    struct Tie {
        var later: Int32
        var earlier: Int32
        var confidence: Confidence
        /// Beside the label.
        var evidence: JoinEvidence
    }

    private(set) var ties: ContiguousArray<Tie> = []
    /// Positions after the edge of which can't be told which one they follow.
    private(set) var uncertain: ContiguousArray<Int32> = []

    /// - Parameters:
    ///   - isOneFlow: those before are alike; else several flows come together here.
    ///   - isOneNamespace: both ends of the edge lie in one, so that its log counts both.
    init(
        _ before: ContiguousArray<Entry>, _ after: ContiguousArray<Entry>, isOneFlow: Bool, isOneNamespace: Bool,
        of lookalikes: Lookalikes
    ) {
        guard let early = before.first, let late = after.first else { return }
        if isOneNamespace, late.clock == .arrival, early.clock != .reading, matchArrivals(before, after) { return }
        if early.clock == .passage, late.clock == .passage {
            matchAlong(.time, before, after, of: lookalikes)
        } else if isOneNamespace, early.isLogged, late.isLogged {
            if isOneFlow {
                matchAlong(.sequence(origin: early.sourceSequence), before, after, of: lookalikes)
            } else {
                matchAlternating(before, after, origin: early.sourceSequence)
            }
        } else if late.clock == .reading, early.clock != .reading {
            matchAlong(.time, before, after, of: lookalikes, allowances: Self.readingAllowances(after))
        } else if early.clock == .reading, late.clock == .passage {
            // The stamp of its reading is later than the next capture, but both rows keep the packets' order.
            matchAlong(
                .time, after, before, of: lookalikes, isBackwards: true, allowances: Self.readingAllowances(before))
        } else if before.count == after.count {
            // First in, first out: as many here as there.
            for (one, other) in zip(before, after) { tie(other, to: one, .strong, .time) }
        } else {
            for entry in after { uncertain.append(entry.position) }
        }
    }

    private mutating func tie(_ later: Entry, to earlier: Entry, _ confidence: Confidence, _ evidence: JoinEvidence) {
        ties.append(
            Tie(later: later.position, earlier: earlier.position, confidence: confidence, evidence: evidence))
    }

    // MARK: By the time of arrival

    /// NFLOG gives the time at which the packet came into the namespace, in whole microseconds; captures have the same
    /// time stamp in nanoseconds. So equal microseconds are one packet, or as many as there are, in their order.
    /// - Returns: false where no times agree, so that they say nothing.
    private mutating func matchArrivals(_ before: ContiguousArray<Entry>, _ after: ContiguousArray<Entry>) -> Bool {
        var byTime: [Int64: ContiguousArray<Entry>] = [:]
        for entry in before { byTime[entry.timeNanoseconds / 1000, default: []].append(entry) }
        var found = false
        var pending: [(Int64, ContiguousArray<Entry>)] = []
        var indexByTime: [Int64: Int] = [:]
        for entry in after {
            let microsecond = entry.timeNanoseconds / 1000
            if let known = indexByTime[microsecond] {
                pending[known].1.append(entry)
            } else {
                indexByTime[microsecond] = pending.count
                pending.append((microsecond, [entry]))
            }
            if byTime[microsecond] != nil { found = true }
        }
        guard found else { return false }
        for (microsecond, entries) in pending {
            guard let candidates = byTime[microsecond], candidates.count == entries.count else {
                for entry in entries { uncertain.append(entry.position) }
                continue
            }
            let confidence: Confidence = candidates.count == 1 ? .exact : .strong
            for (one, other) in zip(candidates, entries) { tie(other, to: one, confidence, .arrival) }
        }
        return true
    }

    // MARK: By order along an axis

    /// On what the rows are compared.
    private enum Axis {
        /// Nanoseconds.
        case time
        /// The numbers that a namespace's log gave, counted from `origin`.
        case sequence(origin: UInt32)

        var evidence: JoinEvidence {
            switch self {
            case .time: .time
            case .sequence: .sequence
            }
        }

        /// Entries nearer than this to each other are in one burst, however fast they seem to pass: 50 µs; or so many
        /// other events of a log as may lie between two of one packet that follow each other at once.
        var leastSilence: Int64 {
            switch self {
            case .time: TranslationGuess.shortestSilence
            case .sequence: RowMatching.interleaved
            }
        }

        func value(_ entry: Entry) -> Int64 {
            switch self {
            case .time: entry.timeNanoseconds
            case .sequence(let origin): Int64(Int32(bitPattern: entry.sourceSequence &- origin))
            }
        }
    }

    /// So many events of a source may lie between two of one packet that follow each other at once.
    private static let interleaved: Int64 = 8

    /// Matches along an axis on which a packet is later in the second row than in the first, and packets keep their
    /// order.
    ///
    /// - Parameters:
    ///   - isBackwards: the first row holds what comes after the edge.
    ///   - allowances: how much earlier each entry of the second row may seem; empty for none.
    private mutating func matchAlong(
        _ axis: Axis, _ first: ContiguousArray<Entry>, _ second: ContiguousArray<Entry>, of lookalikes: Lookalikes,
        isBackwards: Bool = false, allowances: [Int64] = []
    ) {
        let early = first.map(axis.value)
        let told = second.map(axis.value)
        let late = allowances.isEmpty ? told : zip(told, allowances).map(+)
        let isTime = axis.evidence == .time
        func join(
            _ result: inout RowMatching, _ one: Int, _ other: Int, _ confidence: Confidence, _ evidence: JoinEvidence
        ) {
            if isBackwards {
                result.tie(first[one], to: second[other], confidence, evidence)
            } else {
                result.tie(second[other], to: first[one], confidence, evidence)
            }
        }
        if early.count == late.count, !isTime || early.count == lookalikes.count,
            zip(early, late).allSatisfy({ $0 <= $1 })
        {
            // None is missing: the order alone tells, and where a packet was through before the next one came, exactly.
            for index in early.indices {
                let isAlone =
                    (index + 1 == early.count || late[index] < early[index + 1])
                    && (index == 0 || late[index - 1] <= early[index])
                join(&self, index, index, isAlone ? .exact : .strong, isAlone ? [] : axis.evidence)
            }
            return
        }
        // An allowance says what may be, not what is usual.
        let usual = allowances.isEmpty ? Self.typicalTransit(early, late) : Self.typicalDistance(early, told)
        for burst in Self.bursts(early, late, silence: max(4 * usual, axis.leastSilence)) {
            let isEven =
                burst.early.count == burst.late.count
                && zip(burst.early, burst.late).allSatisfy {
                    early[$0] <= late[$1]
                        && (!isTime || lookalikes.isNear(early[$0], told[$1], among: min(early.count, late.count)))
                }
            if isEven {
                for (one, other) in zip(burst.early, burst.late) { join(&self, one, other, .strong, axis.evidence) }
            } else {
                let left = isBackwards ? first[burst.early] : second[burst.late]
                for entry in left { uncertain.append(entry.position) }
            }
        }
    }

    /// Cuts two rows of which some entries are missing at the silences between them. Within a burst as many after as
    /// before are the same packets in the same order; of other bursts nothing can be said.
    private static func bursts(
        _ early: [Int64], _ late: [Int64], silence: Int64
    ) -> [(early: Range<Int>, late: Range<Int>)] {
        var bursts: [(early: Range<Int>, late: Range<Int>)] = []
        var earlyIndex = 0
        var lateIndex = 0
        while earlyIndex < early.count || lateIndex < late.count {
            let earlyStart = earlyIndex
            let lateStart = lateIndex
            var last = min(
                earlyIndex < early.count ? early[earlyIndex] : .max, lateIndex < late.count ? late[lateIndex] : .max)
            while earlyIndex < early.count || lateIndex < late.count {
                let nextEarly = earlyIndex < early.count ? early[earlyIndex] : Int64.max
                let nextLate = lateIndex < late.count ? late[lateIndex] : Int64.max
                if nextLate < nextEarly {
                    last = nextLate
                    lateIndex += 1
                } else {
                    if nextEarly - last > silence, earlyIndex > earlyStart || lateIndex > lateStart { break }
                    last = nextEarly
                    earlyIndex += 1
                }
            }
            bursts.append((earlyStart..<earlyIndex, lateStart..<lateIndex))
        }
        return bursts
    }

    // MARK: Several flows that become one

    /// Ties what several flows become to those flows, by the order in which one namespace logged them.
    ///
    /// A processor takes a packet through the hooks of a namespace without another in between. Where two stand before
    /// the first one after, two processors were at work, and their order there says nothing of whose is whose: the
    /// kernel can give two flows that begin at once the same translation, and drops one of them after it.
    private mutating func matchAlternating(
        _ before: ContiguousArray<Entry>, _ after: ContiguousArray<Entry>, origin: UInt32
    ) {
        let axis = Axis.sequence(origin: origin)
        let early = before.map(axis.value)
        var next = 0
        /// Those before of which it is not known yet which one went on, from `start` on.
        var open: ContiguousArray<Int> = []
        var start = 0
        var isMixed = false
        for entry in after {
            let value = axis.value(entry)
            while next < early.count, early[next] <= value {
                open.append(next)
                next += 1
            }
            // What went on as another flow is not waited for.
            while start < open.count, early[open[start]] + Self.interleaved < value { start += 1 }
            if start == open.count { isMixed = false }
            if open.count - start == 1, !isMixed {
                tie(entry, to: before[open[start]], .exact, [])
                start += 1
                continue
            }
            uncertain.append(entry.position)
            isMixed = open.count - start > 1
            if open.count > start { open.removeLast() }
        }
    }

    // MARK: What is usual

    /// Nanoseconds. What is stamped when it is read may be read of before the packet's path is done, while the thread
    /// that sends it has to wait, or while the packet waits for its neighbour's address. Moved so much later, it is
    /// later than any passage that belongs to it, and still nearer to it than to one of a packet that looks alike.
    private static func readingAllowances(_ row: ContiguousArray<Entry>) -> [Int64] {
        row.indices.map { index in
            var gap = Int64.max
            if index > 0 { gap = row[index].timeNanoseconds - row[index - 1].timeNanoseconds }
            if index + 1 < row.count { gap = min(gap, row[index + 1].timeNanoseconds - row[index].timeNanoseconds) }
            return max(2_000_000, gap == .max ? 0 : gap / 4)
        }
    }

    /// What nine of ten need at most, from the last one before to each one after.
    private static func typicalTransit(_ early: [Int64], _ late: [Int64]) -> Int64 {
        var times: [Int64] = []
        var index = 0
        for value in late {
            while index + 1 < early.count, early[index + 1] <= value { index += 1 }
            if index < early.count, early[index] <= value { times.append(value - early[index]) }
        }
        return nineOfTen(times)
    }

    /// How near nine of ten are to one of the others, whichever comes first.
    private static func typicalDistance(_ others: [Int64], _ values: [Int64]) -> Int64 {
        var distances: [Int64] = []
        var index = 0
        for value in values {
            while index + 1 < others.count, others[index + 1] <= value { index += 1 }
            guard index < others.count else { continue }
            let next = index + 1 < others.count ? abs(others[index + 1] - value) : .max
            distances.append(min(abs(value - others[index]), next))
        }
        return nineOfTen(distances)
    }

    /// The value that nine of ten do not exceed; 0 for none.
    private static func nineOfTen(_ values: [Int64]) -> Int64 {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) * 9 / 10]
    }
}
