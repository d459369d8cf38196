internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel

/// What the catalogue says of a forwarding path: everything on it that could stop the packet, in the order of the path,
/// and everything that was looked at and does not.
struct PathFindings: Sendable {
    /// Where a packet was expected next, unless a source there lost events: what comes later can't be the cause.
    enum Boundary: Sendable, Hashable {
        /// On its way in or out: a packet can leave by the device by which it came in.
        case port(LayerTwoPath.Port, VantagePoint.Direction)
        case hook(namespace: String, NetfilterHook)
        /// It was seen in this hook, and not past its chains.
        case endOfHook(namespace: String, NetfilterHook)
    }

    var path: ForwardPath
    private(set) var candidates: [Candidate] = []
    private(set) var checks: [Finding.Check] = []
    /// How many candidates come before the boundary; nil where the path never reaches it.
    private(set) var countBeforeBoundary: Int?

    /// - Parameter translations: those that the packet had met before the path begins.
    init(_ path: ForwardPath, boundary: Boundary? = nil, translations: [Surroundings.Translation] = []) {
        self.path = path
        var surroundings = Surroundings(path.inputs, origin: path.origin)
        surroundings.translations = translations
        // Whether the packet surely comes so far, and as it is said to be.
        var isSure = true
        var isPastUnknown = false
        for step in path.steps {
            if countBeforeBoundary == nil, let boundary, step.reaches(boundary) {
                countBeforeBoundary = candidates.count
            }
            defer {
                if countBeforeBoundary == nil, let boundary, step.passes(boundary) {
                    countBeforeBoundary = candidates.count
                }
            }
            if case .hook(let hook) = step { surroundings.note(hook) }
            defer {
                if case .hook(let hook) = step {
                    isSure = isSure && !hook.result.leavesDoubt && !hook.routesByUnknownMark
                    isPastUnknown = !hook.result.packet.isDestinationKnown
                }
            }
            if case .carrier(let step) = step { take(step, boundary) }
            for obstacle in Catalogue.obstacles(at: step.kind) {
                for judgement in obstacle.examine(step, surroundings) {
                    switch judgement {
                    case .candidate(var candidate):
                        if !isSure { candidate.isCertain = false }
                        if isPastUnknown {
                            candidate = candidate.with(.isPastUnknown)
                            candidate.count?.isSureElse = false
                        }
                        if case .neighbour(let neighbour) = step, neighbour.isAlternative {
                            candidate.isCertain = false
                            candidate.finding.message +=
                                "; the route has several next hops, and the packet may have gone to this one"
                        }
                        candidates.append(candidate)
                    case .check(let check): note(check)
                    }
                }
            }
        }
        candidates.weighCounters(before: countBeforeBoundary)
    }

    /// What concerns an outer packet concerns whatever it carries: ARP and neighbour discovery too.
    private mutating func take(_ step: CarrierStep, _ boundary: Boundary?) {
        let outer = PathFindings(step.outer, boundary: boundary)
        if countBeforeBoundary == nil, let count = outer.countBeforeBoundary {
            countBeforeBoundary = candidates.count + count
        }
        candidates += outer.candidates.map { $0.concerning(step.carrier) }
        for check in outer.checks { note(check) }
    }

    /// Adds what was looked for elsewhere, after all else.
    mutating func append(_ more: [Candidate]) {
        candidates += more
    }

    mutating func note(_ check: Finding.Check) {
        if !checks.contains(check) { checks.append(check) }
    }

    /// Takes out the candidates that are proven not to be the cause.
    mutating func removeCandidates(where isRefuted: (Candidate) -> Bool) {
        countBeforeBoundary = countBeforeBoundary.map { candidates.prefix($0).count { !isRefuted($0) } }
        candidates.removeAll(where: isRefuted)
    }

    /// The candidates before the boundary, as far as they are left.
    var eligible: [Candidate] { Array(candidates.prefix(countBeforeBoundary ?? candidates.count)) }
}

extension PathStep {
    fileprivate func passes(_ boundary: PathFindings.Boundary) -> Bool {
        guard case .endOfHook(let namespace, let hook) = boundary else { return false }
        return reaches(.hook(namespace: namespace, hook))
    }

    fileprivate func reaches(_ boundary: PathFindings.Boundary) -> Bool {
        switch (self, boundary) {
        case (.sighting(let port, let direction), .port(let wanted, let way)): port == wanted && direction == way
        case (.hook(let step), .hook(let namespace, let hook)):
            step.isExpected && step.traversal.site.namespace.name == namespace && step.traversal.hook == hook
        default: false
        }
    }
}

extension HookStep {
    /// Whether rules of routing ask for the packet's mark, which a rule here may have set.
    fileprivate var routesByUnknownMark: Bool {
        !result.packet.isMarkKnown && traversal.site.namespace.rules.contains { $0.mark != nil }
    }
}
