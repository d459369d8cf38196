import Network
import Synchronization
import Testing
import WalkModel

@testable import Experiment

/// A change that does nothing but carry a name.
private func change(
    _ name: String, _ kind: Candidate.Kind = .setting, breadth: Candidate.Breadth = .device, in place: String = "host"
) -> Candidate {
    Candidate(
        kind, [RemedyAction(in: nil, .line(name))], condition: name, code: "link-down",
        place: Finding.Place(namespace: place), breadth: breadth, object: name)
}

/// xorshift64*: the same numbers for the same seed.
private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 2_685_821_657_736_338_717
    }
}

@Suite("Delta debugging")
struct DeltaDebuggingTests {
    @Test("leaves a set that does it, of which nothing can be left out", arguments: 0..<60 as Range<UInt64>)
    func smallest(seed: UInt64) {
        var random = Random(state: seed &* 7919 + 1)
        let all = Array(0..<Int.random(in: 1...70, using: &random))
        // One to three sets, each of which does it, of one to four members.
        let wanted = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            Set(all.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random)))
        }
        var count = 0
        func does(_ set: [Int]) -> Bool { wanted.contains { $0.isSubset(of: set) } }
        let found = DeltaDebugging<Int, Never> { set in
            count += 1
            return does(set)
        }.smallest(of: all)
        #expect(does(found), "seed \(seed)")
        for member in found { #expect(!does(found.filter { $0 != member }) || found.count == 1, "seed \(seed)") }
        #expect(found == found.sorted(), "seed \(seed): the order is kept")
        #expect(count < all.count * all.count + 3 * all.count, "seed \(seed): \(count) tests")
    }

    @Test("needs about 2 log2 n tests for a single change")
    func effort() {
        var count = 0
        let found = DeltaDebugging<Int, Never> { set in
            count += 1
            return set.contains(777)
        }.smallest(of: Array(0..<1024))
        #expect(found == [777])
        #expect(count <= 20)
    }
}

@Suite("The search for a cause")
struct CauseSearchTests {
    @Test("finds a single change and its equivalents, the nearest first")
    func equivalents() throws {
        var candidates = (0..<30).map { change("harmless \($0)") }
        candidates.append(change("far", in: "wan"))
        candidates.append(change("near"))
        candidates.append(change("route", .route))
        let search = CauseSearch { set, _ throws(TrialError) in
            set.contains { ["near", "far", "route"].contains($0.condition) }
        }
        let result = try search.search(candidates) { $0.place.namespace == "host" ? 1 : 3 }
        #expect(result.causes.map(\.words) == ["near", "route", "far"])
        #expect(!result.isCutShort)
    }

    @Test("tries what a finding names first; where that does it, nothing else is tried")
    func named() throws {
        let candidates = (0..<300).map { change("change \($0)") }
        let made = Mutex(0)
        let search = CauseSearch { set, _ throws(TrialError) in
            made.withLock { $0 += 1 }
            return set.contains { ["change 7", "change 290"].contains($0.condition) }
        }
        let result = try search.search(candidates, named: Array(candidates[289...290])) { _ in 1 }
        #expect(result.causes.map(\.words) == ["change 290"])
        #expect(made.withLock { $0 } == 4)
        let other = try search.search(candidates, named: [candidates[3]]) { _ in 1 }
        #expect(other.causes.map(\.words) == ["change 7", "change 290"])
    }

    @Test("asks at once what comes next in any case")
    func rounds() throws {
        let candidates =
            (0..<8).map { change("harmless \($0)") } + [change("route", .route).adding, change("rule", .rule)]
        let search = CauseSearch { set, _ throws(TrialError) in set.contains { $0.condition == "route" } }
        let result = try search.search(candidates) { _ in 0 }
        #expect(result.causes.map(\.words) == ["route"])
        // Groups of settings, rules, routes, with nothing to divide; then once more the route, the others few at a time, and all
        // that take something away.
        #expect(result.roundCount == 2)
        let none = CauseSearch { _, _ throws(TrialError) in false }
        // After these: each by itself and all together; then all with the route, and without it.
        #expect(try none.search(candidates) { _ in 0 }.roundCount <= 5)
    }

    @Test("an answer that was asked for ahead counts once")
    func aheadOnce() throws {
        let asked = Mutex<[String: Int]>([:])
        let candidates = (0..<6).map { change("\($0)") }
        let search = CauseSearch { set, isStrict throws(TrialError) in
            asked.withLock { $0["\(set.map(\.condition).joined(separator: "+")) \(isStrict)", default: 0] += 1 }
            return set.contains { $0.condition == "3" }
        }
        #expect(try search.search(candidates, named: [candidates[3]]) { _ in 0 }.roundCount == 1)
        #expect(asked.withLock { $0 } == ["3 false": 1, "3 true": 1])
    }

    @Test("ends where nobody wants to know it any more")
    func cancelled() throws {
        let count = Mutex(0)
        var search = CauseSearch { _, _ throws(TrialError) in
            count.withLock { $0 += 1 }
            return false
        }
        search.lanes = 1
        search.isCancelled = { count.withLock { $0 } > 1 }
        let result = try search.search(Candidate.Kind.allCases.map { change("\($0)", $0) }) { _ in 0 }
        #expect(result.isCutShort)
        #expect(result.trialCount == 2)
    }

    @Test("finds two changes of different kinds that are only enough together")
    func together() throws {
        let candidates =
            (0..<20).map { change("harmless \($0)") } + [change("link", .link), change("rule", .rule)]
        let search = CauseSearch { set, _ throws(TrialError) in
            Set(set.map(\.condition)).isSuperset(of: ["link", "rule"])
        }
        let result = try search.search(candidates) { _ in 0 }
        #expect(result.causes.map(\.words) == ["link and rule"])
    }

    @Test("finds a part of a set that belongs together, where all changes at once break it")
    func sets() throws {
        let candidates = (0..<5).map { change("harmful \($0)", .setting) }
        let way = ["a", "b", "c", "d"].map { change("route \($0)", .route).adding }
        let search = CauseSearch { set, _ throws(TrialError) in
            let names = Set(set.map(\.condition))
            return names.isSuperset(of: ["route a", "route d"]) && !names.contains { $0.hasPrefix("harmful") }
        }
        let result = try search.search(candidates, sets: [[change("route x", .route)], way]) { _ in 0 }
        #expect(result.causes.map(\.words) == ["route a and route d"])
    }

    @Test("of changes that do it together the one nearest to where the packet stopped is told first")
    func nearestFirst() throws {
        let candidates = [change("link", .link, in: "wan"), change("rule", .rule, in: "host")]
        let search = CauseSearch { set, _ throws(TrialError) in set.count == 2 }
        let result = try search.search(candidates) { $0.place.namespace == "host" ? 1 : 3 }
        #expect(result.causes.map(\.words) == ["rule and link"])
    }

    @Test("never tries two changes of one object together")
    func conflicts() throws {
        var on = change("on")
        var off = change("off")
        on.object = "port"
        off.object = "port"
        let together = Mutex(false)
        let search = CauseSearch { set, _ throws(TrialError) in
            if set.count > 1 { together.withLock { $0 = true } }
            return set.contains { $0.condition == "off" }
        }
        let result = try search.search([on, off]) { _ in 0 }
        #expect(result.causes.map(\.words) == ["off"])
        #expect(!together.withLock { $0 })
    }

    @Test("of equals the one that opens least comes first")
    func breadth() throws {
        let candidates = [
            change("policy", .rule, breadth: .policy), change("flow", .translation, breadth: .flow),
        ]
        let search = CauseSearch { set, _ throws(TrialError) in !set.isEmpty }
        let result = try search.search(candidates) { _ in 0 }
        #expect(result.causes.map(\.words) == ["flow", "policy"])
    }

    @Test("names no change that does it once and not again")
    func control() throws {
        let count = Mutex(0)
        let search = CauseSearch { set, _ throws(TrialError) in
            count.withLock {
                $0 += 1
                return $0 == 1
            }
        }
        #expect(try search.search([change("lucky")]) { _ in 0 }.causes.isEmpty)
    }

    @Test("ends where its trials are spent, and says so")
    func budget() throws {
        var search = CauseSearch { _, _ throws(TrialError) in false }
        search.trialLimit = 2
        let candidates = Candidate.Kind.allCases.map { change("\($0)", $0) }
        let result = try search.search(candidates) { _ in 0 }
        #expect(result.isCutShort)
        #expect(result.trialCount == 2)
        #expect(result.causes.isEmpty)
    }

    @Test("a change that can't be made is none; a network that can't be built ends it")
    func failures() throws {
        let unmade = CauseSearch { _, _ throws(TrialError) in throw TrialError(.change, "no such device") }
        #expect(try unmade.search([change("a")]) { _ in 0 }.causes.isEmpty)
        let unbuilt = CauseSearch { _, _ throws(TrialError) in throw TrialError(.lacking, "no sandbox") }
        #expect(throws: TrialError.self) { try unbuilt.search([change("a")]) { _ in 0 } }
    }

    @Test("rules are taken away from the last one on, so that positions hold")
    func order() {
        let rules = [1, 3, 2].map { position in
            var candidate = change("rule \(position)", .rule)
            candidate.rule = RuleReference(family: "ip", table: "filter", chain: "FORWARD", position: position)
            return candidate
        }
        let script = FailureExperiment.script(rules, CommandScope())
        #expect(script == "{\nrule 3\n} || :\n{\nrule 2\n} || :\n{\nrule 1\n} || :\n")
        #expect(FailureExperiment.script(rules, CommandScope(), strictly: true) == "rule 3\nrule 2\nrule 1\n")
    }
}

@Suite("The control of a cause")
struct CauseControlTests {
    @Test("names no change of which a command can't be made, though the packet is answered with the rest of it")
    func strictness() throws {
        let half = change("half made")
        let search = CauseSearch { set, strictly throws(TrialError) in
            if strictly, set.contains(half) { throw TrialError(.change, "no such device") }
            return set.contains { ["half made", "made"].contains($0.condition) }
        }
        let result = try search.search([half, change("made")]) { _ in 0 }
        #expect(result.causes.map(\.words) == ["made"])
    }

    @Test("a change that helps is found beside one of its kind that breaks what it mends", arguments: 1...8)
    func masked(lanes: Int) throws {
        var search = CauseSearch { set, _ throws(TrialError) in
            set.contains { $0.condition == "mends" } && !set.contains { $0.condition == "breaks" }
        }
        search.lanes = lanes
        let result = try search.search([change("breaks"), change("mends"), change("other")]) { _ in 3 }
        #expect(result.causes.map(\.words) == ["mends"])
    }
}

@Suite("The order of causes")
struct CauseOrderTests {
    @Test("what takes an obstacle away comes before what leads round it, however near that is")
    func additions() throws {
        let round = change("a route round it", .route).adding
        let cause = change("isolated off", .port, in: "host")
        let search = CauseSearch { set, _ throws(TrialError) in !set.isEmpty }
        let result = try search.search([round, cause]) { $0.kind == .route ? 0 : 3 }
        #expect(result.causes.map(\.words) == ["isolated off", "a route round it"])
    }
}
