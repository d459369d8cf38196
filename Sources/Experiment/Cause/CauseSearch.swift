internal import LinuxSystem
internal import Synchronization
public import WalkModel

/// Looks for the smallest changes to a network with which a packet that failed there is answered.
///
/// Each question is put to a fresh network: nothing that one packet leaves behind speaks for the next. Kinds of changes are
/// tried in groups, then those that help are narrowed by delta debugging. Changes that do it alone are all told, since more
/// than one may be the cause.
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
        public var seconds: Double
        /// Whether time or trials ran out before all was tried.
        public var isCutShort: Bool
    }

    /// Whether the packet is answered with these changes, in a fresh network.
    public typealias Answers = @Sendable ([Candidate]) throws(TrialError) -> Bool

    public var trialLimit = 150
    public var secondLimit = 30.0
    /// So many causes are told.
    public var causeLimit = 8
    /// Told before each trial: how many were made, and of which changes.
    public var progress: @Sendable (_ trials: Int, _ of: [Candidate]) -> Void = { _, _ in }
    private let answers: Answers

    public init(answers: @escaping Answers) { self.answers = answers }

    /// - Parameters:
    ///   - candidates: those that may be it.
    ///   - nearness: how near a change is to where the packet stopped; 0 is nearest.
    public func search(
        _ candidates: [Candidate], nearness: @Sendable (Candidate) -> Int
    ) throws(TrialError) -> Result {
        var run = SearchRun(search: self, answers: answers)
        let groups = Self.groups(candidates, nearness: nearness)
        var causes: [Cause] = []
        do throws(SearchRun.Ending) {
            let helpful = try run.helpful(among: groups)
            for (index, group) in groups.enumerated() where helpful[index] {
                causes += try run.causes(in: group, known: causes, limit: causeLimit)
            }
            if causes.isEmpty { causes += try run.alone(candidates, nearness: nearness) }
            if causes.isEmpty { causes += try run.together(groups) }
        } catch {
            if case .failed(let error) = error { throw error }
        }
        let ranked = Self.ranked(causes, nearness: nearness)
        return Result(
            causes: ranked, trialCount: run.count, seconds: run.elapsed, isCutShort: run.isCutShort)
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

    /// Fewest changes first, then what takes away instead of adding, then what the packet met, then what opens least.
    static func ranked(_ causes: [Cause], nearness: (Candidate) -> Int) -> [Cause] {
        func rank(_ cause: Cause) -> (Int, Int, Int, Int, Int) {
            (
                cause.changes.count, cause.changes.count(where: \.adds), cause.changes.map(nearness).max() ?? 0,
                cause.changes.map(\.breadth.rawValue).max() ?? 0, cause.changes.map(\.kind.rawValue).max() ?? 0
            )
        }
        return causes.enumerated().sorted { one, other in
            let (left, right) = (rank(one.element), rank(other.element))
            return left == right ? one.offset < other.offset : left < right
        }.map(\.element)
    }
}

/// One search: its trials, counted.
private struct SearchRun {
    enum Ending: Error {
        /// No trials or no time are left.
        case spent
        case failed(TrialError)
    }

    let search: CauseSearch
    let answers: CauseSearch.Answers
    private(set) var count = 0
    private(set) var isCutShort = false
    private let began = monotonicNanoseconds()

    init(search: CauseSearch, answers: @escaping CauseSearch.Answers) {
        self.search = search
        self.answers = answers
    }

    var elapsed: Double { Double(monotonicNanoseconds() - began) / 1e9 }

    private mutating func spend(_ changes: [Candidate]) throws(Ending) {
        guard count < search.trialLimit, elapsed < search.secondLimit else {
            isCutShort = true
            throw .spent
        }
        count += 1
        search.progress(count, changes)
    }

    mutating func test(_ changes: [Candidate]) throws(Ending) -> Bool {
        try spend(changes)
        do {
            return try answers(changes)
        } catch {
            // A change that can't be made there is none.
            if error.kind == .change { return false }
            throw .failed(error)
        }
    }

    /// Which groups do it, two trials at a time.
    mutating func helpful(among groups: [[Candidate]]) throws(Ending) -> [Bool] {
        var result: [Bool] = []
        var index = 0
        while index < groups.count {
            let pair = Array(groups[index..<min(index + 2, groups.count)])
            for group in pair { try spend(group) }
            for outcome in Self.parallel(pair, answers) {
                switch outcome {
                case .success(let answered): result.append(answered)
                case .failure(let error) where error.kind == .change: result.append(false)
                case .failure(let error): throw .failed(error)
                }
            }
            index += 2
        }
        return result
    }

    private static func parallel(
        _ sets: [[Candidate]], _ answers: @escaping CauseSearch.Answers
    ) -> [Swift.Result<Bool, TrialError>] {
        let results = Results(count: sets.count)
        @Sendable func run(_ index: Int) {
            do throws(TrialError) {
                results.set(index, .success(try answers(sets[index])))
            } catch {
                results.set(index, .failure(error))
            }
        }
        let threads = sets.indices.dropFirst().map { index in try? WorkerThread { run(index) } }
        if !sets.isEmpty { run(0) }
        for (index, thread) in zip(sets.indices.dropFirst(), threads) {
            if let thread { thread.join() } else { run(index) }
        }
        return results.all
    }

    /// The smallest set in a group that does it, then other single changes that do it too.
    mutating func causes(
        in group: [Candidate], known: [CauseSearch.Cause], limit: Int
    ) throws(Ending) -> [CauseSearch.Cause] {
        // A single change is known: of other groups, too, only single ones are equivalent to it.
        if known.contains(where: { $0.changes.count == 1 }) {
            return try singles(in: group, isHelpful: true, limit: limit - known.count)
        }
        let found = try smallest(of: group)
        // The control: it must do it once more, in another network.
        guard try test(found) else { return [] }
        var result = [CauseSearch.Cause(found)]
        if found.count == 1 {
            result += try singles(
                in: group.filter { !found.contains($0) }, isHelpful: false, limit: limit - known.count - 1)
        }
        return result
    }

    /// Single changes that do it alone. Halves that do it are followed; where neither half does, it takes several.
    private mutating func singles(
        in group: [Candidate], isHelpful: Bool, limit: Int
    ) throws(Ending) -> [CauseSearch.Cause] {
        var result: [CauseSearch.Cause] = []
        var rest = group
        var isKnown = isHelpful
        while !rest.isEmpty, result.count < min(limit, siblingLimit) {
            if !isKnown, try !test(rest) { break }
            isKnown = false
            var current = rest
            while current.count > 1 {
                let halves = DeltaDebugging<Candidate, Ending>.split(current, into: 2)
                if try test(halves[0]) {
                    current = halves[0]
                } else if try test(halves[1]) {
                    current = halves[1]
                } else {
                    return result
                }
            }
            result.append(CauseSearch.Cause(current))
            rest.removeAll { current.contains($0) }
        }
        return result
    }

    private let siblingLimit = 3

    /// Each change by itself, the nearest first: in a group one may break what another one mends. Once one is found those as
    /// near as it are tried too.
    mutating func alone(
        _ candidates: [Candidate], nearness: (Candidate) -> Int
    ) throws(Ending) -> [CauseSearch.Cause] {
        let sorted = candidates.enumerated().sorted {
            (nearness($0.element), $0.offset) < (nearness($1.element), $1.offset)
        }.map(\.element)
        var result: [CauseSearch.Cause] = []
        var found: Int?
        for start in stride(from: 0, to: sorted.count, by: 2) {
            let pair = Array(sorted[start..<min(start + 2, sorted.count)])
            if let found, nearness(pair[0]) > found { break }
            let outcomes: [Bool]
            do throws(Ending) {
                outcomes = try helpful(among: pair.map { [$0] })
            } catch {
                // What was found before the time was up stands.
                if case .spent = error, !result.isEmpty { return result }
                throw error
            }
            for (candidate, isHelpful) in zip(pair, outcomes) where isHelpful {
                guard try test([candidate]) else { continue }
                result.append(CauseSearch.Cause([candidate]))
                found = found ?? nearness(candidate)
            }
        }
        return result
    }

    /// Where no kind does it alone: all that only open something, together.
    mutating func together(_ groups: [[Candidate]]) throws(Ending) -> [CauseSearch.Cause] {
        var all: [Candidate] = []
        for group in groups {
            guard let kind = group.first?.kind, Self.opening.contains(kind) else { continue }
            for candidate in group where !all.contains(where: { $0.object == candidate.object }) {
                all.append(candidate)
            }
        }
        guard all.count > 1, try test(all) else { return [] }
        let found = try smallest(of: all)
        return try test(found) ? [CauseSearch.Cause(found)] : []
    }

    private static let opening: Set<Candidate.Kind> = [
        .link, .setting, .rule, .entry, .routeRemoval, .route, .size, .listener, .program,
    ]

    private mutating func smallest(of changes: [Candidate]) throws(Ending) -> [Candidate] {
        // A closure can't keep `self`: what is counted is carried in a box.
        let box = Box(self)
        defer { self = box.run }
        return try DeltaDebugging<Candidate, Ending> { changes throws(Ending) in
            try box.run.test(changes)
        }.smallest(of: changes)
    }

    private final class Box {
        var run: SearchRun
        init(_ run: SearchRun) { self.run = run }
    }
}

/// What threads give back, each its own place.
private final class Results: Sendable {
    private let values: Mutex<[Swift.Result<Bool, TrialError>]>

    init(count: Int) {
        values = Mutex(Array(repeating: .failure(TrialError(.broken, "the trial was not made")), count: count))
    }

    var all: [Swift.Result<Bool, TrialError>] { values.withLock { $0 } }

    func set(_ index: Int, _ value: Swift.Result<Bool, TrialError>) { values.withLock { $0[index] = value } }
}
