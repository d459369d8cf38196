internal import LinuxSystem
internal import WalkModel

/// Looks for the smallest changes to a network with which a packet that failed there is answered.
///
/// Each question is put to a fresh network: nothing that one packet leaves behind speaks for the next. Kinds of changes are
/// tried in groups, several at a time, and groups that help are divided until single changes are left; where only several
/// together do it, delta debugging narrows them. Changes near the place where the packet stopped are tried by themselves too:
/// in a group one change may break what another one mends. All single changes that do it are told, since more than one may be
/// the cause.
public struct CauseSearch: Sendable {
    /// A smallest set of changes that does it.
    public struct Cause: Sendable, Hashable {
        public var changes: [Candidate]
        public init(_ changes: [Candidate]) { self.changes = changes }
    }

    public struct Result: Sendable {
        /// The most likely first; none contains another one.
        public var causes: [Cause]
        public var trialCount: Int
        /// How often answers were waited for.
        public var roundCount: Int
        public var seconds: Double
        /// Whether time or trials ran out before all was tried.
        public var isCutShort: Bool
    }

    /// Whether the packet is answered with these changes, in a fresh network.
    ///
    /// - Parameter strictly: whether it counts only where every command of every change could be made.
    public typealias Answers = @Sendable (_ changes: [Candidate], _ strictly: Bool) throws(TrialError) -> Bool

    public var trialLimit = 400
    public var secondLimit = 30.0
    /// So many causes are told.
    public var causeLimit = 8
    /// So many networks are built at a time. Most of a trial is waiting for an answer that does not come.
    public var lanes = 12
    /// So many changes near the place where the packet stopped are tried by themselves.
    public var nearLimit = 64
    /// Whether nobody wants to know it any more: no further trial is made then.
    public var isCancelled: @Sendable () -> Bool = { false }
    /// Told before each trial: how many were made, and of which changes.
    public var progress: @Sendable (_ trials: Int, _ of: [Candidate]) -> Void = { _, _ in }
    private let answers: Answers

    public init(answers: @escaping Answers) { self.answers = answers }

    /// - Parameters:
    ///   - candidates: those that may be it.
    ///   - named: those of them that a finding speaks of. Each is tried alone before all others, and where one does it, no other
    ///     cause is looked for.
    ///   - sets: of changes that belong together, such as the routes of one path; tried where nothing smaller does it.
    ///   - nearness: how near a change is to where the packet stopped; 0 is nearest.
    public func search(
        _ candidates: [Candidate], named: [Candidate] = [], sets: [[Candidate]] = [],
        nearness: @Sendable (Candidate) -> Int
    ) throws(TrialError) -> Result {
        var run = SearchRun(search: self, answers: answers)
        do throws(SearchRun.Ending) {
            // They are few, and mostly it is one of them.
            try run.alone(named, atOnce: named.count < 5)
            if run.causes.isEmpty { try run.search(candidates, sets: sets, nearness: nearness) }
        } catch {
            if case .failed(let error) = error { throw error }
        }
        let causes = run.causes.map { cause in
            Cause(
                cause.changes.enumerated().sorted {
                    (nearness($0.element), $0.element.detour, $0.offset)
                        < (nearness($1.element), $1.element.detour, $1.offset)
                }
                .map(\.element))
        }
        let ranked = Self.ranked(causes, nearness: nearness).prefix(causeLimit)
        return Result(
            causes: Array(ranked), trialCount: run.count, roundCount: run.roundCount, seconds: run.elapsed,
            isCutShort: run.isCutShort)
    }

    /// Of one kind, and no two changes of one object: those are in different groups.
    static func groups(_ candidates: [Candidate], nearness: (Candidate) -> Int) -> [[Candidate]] {
        var result: [[Candidate]] = []
        for kind in Candidate.Kind.allCases where kind != .turn {
            let own = candidates.filter { $0.kind == kind }
            let sorted = own.enumerated().sorted {
                (nearness($0.element), $0.offset) < (nearness($1.element), $1.offset)
            }.map(\.element)
            result += separated(sorted)
        }
        return result
    }

    /// Groups in which no object stands twice, at most `groupLimit` in one.
    private static func separated(_ candidates: [Candidate]) -> [[Candidate]] {
        var groups: [[Candidate]] = []
        for candidate in candidates {
            let place = groups.firstIndex { group in
                group.count < groupLimit && !group.contains { $0.object == candidate.object }
            }
            if let place { groups[place].append(candidate) } else { groups.append([candidate]) }
        }
        return groups
    }

    private static let groupLimit = 40

    /// What takes an obstacle away first, then fewest changes, then what opens least, then what the packet met.
    static func ranked(_ causes: [Cause], nearness: (Candidate) -> Int) -> [Cause] {
        func rank(_ cause: Cause) -> (Int, Int, Int, Int, Int) {
            (
                cause.changes.map(\.detour).max() ?? 0, cause.changes.count,
                cause.changes.map(\.breadth.rawValue).max() ?? 0, cause.changes.map(nearness).max() ?? 0,
                cause.changes.map(\.kind.rawValue).max() ?? 0
            )
        }
        return causes.enumerated().sorted { one, other in
            let (left, right) = (rank(one.element), rank(other.element))
            return left == right ? one.offset < other.offset : left < right
        }.map(\.element)
    }
}

/// One search: its trials, counted, and what it found.
private struct SearchRun {
    enum Ending: Error {
        /// No trials or no time are left.
        case spent
        case failed(TrialError)
    }

    let search: CauseSearch
    let answers: CauseSearch.Answers
    private(set) var count = 0
    private(set) var roundCount = 0
    private(set) var isCutShort = false
    /// Each has done it twice, the second time strictly.
    private(set) var causes: [CauseSearch.Cause] = []
    private var tried: Set<Candidate> = []
    /// To be asked together with the next questions: a network that is waited for costs nothing, and the next round may be saved.
    private var ahead: [TrialQuestion] = []
    /// Answers to those, until somebody asks.
    private var known: [TrialQuestion: Bool] = [:]
    private let began = monotonicNanoseconds()

    init(search: CauseSearch, answers: @escaping CauseSearch.Answers) {
        self.search = search
        self.answers = answers
    }

    var elapsed: Double { Double(monotonicNanoseconds() - began) / 1e9 }

    mutating func search(
        _ candidates: [Candidate], sets: [[Candidate]], nearness: (Candidate) -> Int
    ) throws(Ending) {
        let groups = CauseSearch.groups(candidates, nearness: nearness)
        let helpful = zip(groups, try test(groups)).filter(\.1).map(\.0)
        let sorted = candidates.enumerated().sorted {
            (nearness($0.element), $0.offset) < (nearness($1.element), $1.offset)
        }.map(\.element)
        let obstacles = candidates.filter { $0.detour == 0 }
        // A setting may be needed as it is by the rest of the path.
        let obstacleSets = [obstacles.filter { $0.kind != .setting }, obstacles]
        let near = NearChanges(sorted.filter { nearness($0) < 2 }, limit: search.nearLimit, in: helpful)
        askAhead(near.parts(isFound: false).prefix(1), obstacleSets, besides: helpful.flatMap(\.self))
        let singles = try singles(in: helpful)
        let together = zip(helpful, singles).filter(\.1.isEmpty).map(\.0)
        let found = singles.flatMap(\.self)
        askAhead(near.parts(isFound: found.contains { !$0.adds })[...], obstacleSets, besides: found)
        try confirm(found.map { [$0] })
        try few(near.parts(isFound: causes.contains { !$0.changes.contains(where: \.adds) }))
        // One change elsewhere on its way is smaller than two.
        if causes.isEmpty {
            let turns = sorted.filter { $0.kind == .turn && nearness($0) == 2 }
            try alone(Array(turns.prefix(search.nearLimit)))
        }
        // What leads the packet by another path may go round two obstacles.
        if !causes.contains(where: { $0.changes.allSatisfy { $0.detour == 0 } }) {
            try several(anyOf: obstacleSets)
        }
        if causes.isEmpty {
            for group in together { try confirm([smallest(of: group)]) }
        }
        if causes.isEmpty { try whole(sets, candidates) }
        if causes.isEmpty { try several(candidates.filter { $0.detour < 2 }) }
        if causes.isEmpty { try several(candidates.filter { $0.kind != .route }) }
        if causes.isEmpty { try several(candidates) }
        // One at a time takes longest.
        if causes.isEmpty { try alone(sorted, nearness: nearness) }
    }

    // MARK: Trials

    /// Whether each set does it, and what was to be asked ahead as well.
    private mutating func test(_ sets: [[Candidate]], strictly: Bool = false) throws(Ending) -> [Bool] {
        let questions = sets.map { TrialQuestion($0, strictly: strictly) }
        let open = questions.filter { known[$0] == nil }
        if !open.isEmpty {
            let asked = Set(open)
            let all = open + ahead.filter { !asked.contains($0) }
            ahead = []
            for (question, answer) in zip(all, try ask(all)) { known[question] = answer }
        }
        for question in questions where question.set.count == 1 && known[question] != nil {
            tried.insert(question.set[0])
        }
        let result = questions.compactMap { known[$0] }
        guard result.count == questions.count else {
            isCutShort = true
            throw .spent
        }
        // Asked once more it is another trial.
        for question in questions { known[question] = nil }
        return result
    }

    /// The answers to as many of the questions as there is time and trials for, `lanes` of them at a time: the next one begins as
    /// soon as one ends.
    private mutating func ask(_ questions: [TrialQuestion]) throws(Ending) -> [Bool] {
        let affordable = Array(questions.prefix(max(0, search.trialLimit - count)))
        let line = TrialLine(
            affordable, first: count, end: began + Int64(search.secondLimit * 1e9), isCancelled: search.isCancelled,
            progress: search.progress)
        let answers = answers
        @Sendable func work() {
            while let (index, question) = line.next() {
                do throws(TrialError) {
                    line.note(index, .success(try answers(question.set, question.isStrict)))
                } catch {
                    line.note(index, .failure(error))
                }
            }
        }
        let threads = (1..<max(1, min(search.lanes, affordable.count))).compactMap { _ in try? WorkerThread(work) }
        work()
        for thread in threads { thread.join() }
        let outcomes = line.outcomes
        count += outcomes.count
        roundCount += 1
        var result: [Bool] = []
        for outcome in outcomes {
            switch outcome {
            case .success(let answered): result.append(answered)
            // A change that can't be made there is none, and neither is one with which the packet can't be sent.
            case .failure(let error) where error.kind == .change || error.kind == .packet: result.append(false)
            case .failure(let error): throw .failed(error)
            }
        }
        return result
    }

    /// Has asked with the next questions what comes after them, where that is already known.
    ///
    /// - Parameters:
    ///   - near: changes that are tried few at a time.
    ///   - found: those that may be causes, or are held for such. Where one takes an obstacle away little is left to ask.
    private mutating func askAhead(
        _ near: ArraySlice<[Candidate]>, _ obstacles: [[Candidate]], besides found: [Candidate]
    ) {
        let isFound = found.contains { !$0.adds }
        if !found.isEmpty, !isFound || near.count > 1 { for part in near { askAhead(fewGroups(part)) } }
        if !isFound { askAhead(obstacles.map(opening).filter { $0.count > 1 }) }
    }

    private mutating func askAhead(_ sets: [[Candidate]], strictly: Bool = false) {
        let questions = sets.map { TrialQuestion($0, strictly: strictly) }
        ahead += questions.filter { known[$0] == nil && !ahead.contains($0) }
    }

    /// The control: each must do it once more, in another network, with every command of it made.
    private mutating func confirm(_ sets: [[Candidate]]) throws(Ending) {
        let new = sets.filter { !$0.isEmpty }.map { CauseSearch.Cause($0) }.filter { !causes.contains($0) }
        causes += zip(new, try test(new.map(\.changes), strictly: true)).filter(\.1).map(\.0)
    }

    // MARK: Search

    /// The single changes of each group that do it alone: a group is divided as long as a part does it, all groups at once.
    private mutating func singles(in groups: [[Candidate]]) throws(Ending) -> [[Candidate]] {
        var result = groups.map { $0.count == 1 ? $0 : [] }
        var open = groups.enumerated().filter { $0.element.count > 1 }.map { (number: $0.offset, group: $0.element) }
        while !open.isEmpty {
            let size = max(2, search.lanes / open.count)
            let parts = open.flatMap { number, group in
                DeltaDebugging<Candidate, Ending>.split(group, into: min(size, group.count)).map { (number, $0) }
            }
            open = []
            for ((number, part), isHelpful) in zip(parts, try test(parts.map(\.1))) where isHelpful {
                if part.count == 1 { result[number] += part } else { open.append((number, part)) }
            }
        }
        return result
    }

    /// Each change by itself where no cause is known; else, for what else may do it, few at a time, of which none is like the next.
    private mutating func few(_ parts: [[Candidate]]) throws(Ending) {
        if causes.isEmpty { return try alone(parts.flatMap(\.self)) }
        let groups = parts.flatMap(fewGroups)
        let helpful = zip(groups, try test(groups)).filter(\.1).map(\.0)
        try confirm(try singles(in: helpful).flatMap(\.self).map { [$0] })
    }

    private func fewGroups(_ candidates: [Candidate]) -> [[Candidate]] {
        let new = candidates.filter { !tried.contains($0) }
        let count = (new.count + Self.fewLimit - 1) / Self.fewLimit
        return (0..<count).map { first in stride(from: first, to: new.count, by: count).map { new[$0] } }
    }

    private static let fewLimit = 4

    /// Each change by itself, if it was not tried so before.
    ///
    /// - Parameter atOnce: whether each is asked for twice at the same time.
    mutating func alone(_ candidates: [Candidate], atOnce: Bool = false) throws(Ending) {
        let found = Set(causes.filter { $0.changes.count == 1 }.map { $0.changes[0] })
        let new = candidates.filter { !tried.contains($0) && !found.contains($0) }
        if atOnce { askAhead(new.map { [$0] }, strictly: true) }
        try confirm(zip(new, test(new.map { [$0] })).filter(\.1).map { [$0.0] })
    }

    /// Each change by itself, the nearest first, up to those as near as one that does it.
    private mutating func alone(_ candidates: [Candidate], nearness: (Candidate) -> Int) throws(Ending) {
        var rest = candidates[...]
        while let first = rest.first, causes.isEmpty {
            let level = rest.prefix { nearness($0) == nearness(first) }
            for start in stride(from: level.startIndex, to: level.endIndex, by: search.lanes * 4) {
                try alone(Array(level[start..<min(start + search.lanes * 4, level.endIndex)]))
            }
            rest = rest[level.endIndex...]
        }
    }

    /// Sets that belong together, each by itself; then with all obstacles out of the way as well.
    private mutating func whole(_ sets: [[Candidate]], _ candidates: [Candidate]) throws(Ending) {
        for set in sets { try several(set) }
        let obstacles = candidates.filter { $0.detour == 0 }
        for others in [obstacles.filter { $0.kind != .setting }, obstacles] where causes.isEmpty {
            for set in sets { try several(set + others) }
        }
    }

    /// All that only open something, together.
    private mutating func several(_ candidates: [Candidate]) throws(Ending) { try several(anyOf: [candidates]) }

    /// The same of the first of several sets with which it is done.
    private mutating func several(anyOf sets: [[Candidate]]) throws(Ending) {
        let opening = sets.map(opening).filter { $0.count > 1 }
        guard let first = zip(opening, try test(opening)).first(where: \.1)?.0 else { return }
        try confirm([smallest(of: first)])
    }

    /// Those that only open something, no two of one object.
    private func opening(_ candidates: [Candidate]) -> [Candidate] {
        var objects: Set<String> = []
        return candidates.filter { Self.opening.contains($0.kind) && objects.insert($0.object).inserted }
    }

    private static let opening: Set<Candidate.Kind> = [
        .link, .port, .setting, .rule, .entry, .routeRemoval, .route, .size, .listener, .program,
    ]

    private mutating func smallest(of changes: [Candidate]) throws(Ending) -> [Candidate] {
        // A closure can't keep `self`: what is counted is carried in a box.
        let box = Box(self)
        defer { self = box.run }
        return try DeltaDebugging<Candidate, Ending>(atOnce: { sets throws(Ending) in
            try box.run.test(sets)
        }).smallest(of: changes)
    }

    private final class Box {
        var run: SearchRun
        init(_ run: SearchRun) { self.run = run }
    }
}

/// Changes near the place where the packet stopped, in two parts: the second one's were tried with a group that helped.
private struct NearChanges {
    private let sorted: [Candidate]
    private let limit: Int
    private let members: Set<Candidate>

    init(_ sorted: [Candidate], limit: Int, in helpful: [[Candidate]]) {
        self.sorted = sorted
        self.limit = limit
        members = Set(helpful.flatMap(\.self))
    }

    /// - Parameter isFound: whether a cause takes an obstacle away: beside it only what may break the packet's path is left to try.
    func parts(isFound: Bool) -> [[Candidate]] {
        let left = sorted.filter { !isFound || $0.kind == .turn }.prefix(limit)
        return [left.filter { !members.contains($0) }, left.filter { members.contains($0) }]
    }
}
