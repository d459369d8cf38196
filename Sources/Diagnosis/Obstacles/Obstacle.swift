internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel

/// One kind of finding: what can stop a packet, or its reply, and how it is recognised and fixed.
///
/// An obstacle is one file here, one entry in `Catalogue.all`, one lab in `fixtures/labs` and one section of
/// `docs/findings.md`; a test fails where one of them is missing.
///
/// An obstacle looks at the steps of a forwarding path that it names in `steps` and gives a candidate where it holds, or a
/// check that says why it does not. Those that name the reason for which a rule ends a packet implement `explain` instead,
/// and are asked in the order of the catalogue; the first that knows the rule names it. Those that speak of a whole
/// exchange (a reply that found no path back) name no steps and are called from `Diagnosis/Exchange`.
///
/// Whether a finding is an error or a warning is not the obstacle's: it is an error where its candidate is certain.
protocol Obstacle: Sendable {
    /// `docs/findings.md` explains it.
    var code: FindingCode { get }
    /// The kinds of steps that are shown to `examine`.
    var steps: Set<PathStep.Kind> { get }
    /// Drop reasons of the kernel (`enum skb_drop_reason`) by which it shows, where it shows by any.
    var reasons: Set<DropReason> { get }
    var traits: ObstacleTraits { get }

    /// What this step means for the packet, as far as this obstacle goes. In order.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement]

    /// The finding for a rule that ends the packet, if this is what the rule is there for.
    ///
    /// - Parameter base: place, evidence and remedy as for any rule; its code is this obstacle's.
    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding?

    /// What a drop reason alone says, where nothing in the configuration explains it: `an XDP program dropped it`.
    func words(for reason: DropReason, _ packet: PacketState) -> String?
}

extension Obstacle {
    var steps: Set<PathStep.Kind> { [] }
    var reasons: Set<DropReason> { [] }
    var traits: ObstacleTraits { [] }
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] { [] }
    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? { nil }
    func words(for reason: DropReason, _ packet: PacketState) -> String? { nil }

    /// The one judgement that the packet can't, or may not, pass: a candidate of this obstacle.
    func stops(
        at place: Finding.Place, _ message: String, evidence: [Fact], remedy: Remedy? = nil, isCertain: Bool = true,
        reasons: Set<DropReason>? = nil
    ) -> [Judgement] {
        [
            .candidate(
                candidate(
                    at: place, message, evidence: evidence, remedy: remedy, isCertain: isCertain, reasons: reasons))
        ]
    }

    /// A candidate of this obstacle.
    ///
    /// - Parameters:
    ///   - isCertain: whether the state proves that the packet can't have passed.
    ///   - reasons: the drop reasons by which this one shows, where they are not all of the obstacle's.
    func candidate(
        at place: Finding.Place, _ message: String, evidence: [Fact], rule: RuleReference? = nil,
        unmatched: [Finding.Miss] = [], remedy: Remedy? = nil, isCertain: Bool = true, reasons: Set<DropReason>? = nil
    ) -> Candidate {
        Candidate(
            finding: Finding(
                code: code, severity: .error, where: place, message: message, evidence: evidence, rule: rule,
                unmatched: unmatched, remedy: remedy),
            isCertain: isCertain, reasons: reasons ?? self.reasons, traits: traits)
    }
}

/// What an obstacle says of one step.
enum Judgement: Sendable {
    /// It holds, or may hold.
    case candidate(Candidate)
    case check(Finding.Check)

    /// It was looked at and is not the cause.
    static func passed(_ text: String) -> Judgement { .check(Finding.Check(holds: false, text: text)) }
    /// It could not be told.
    static func unknown(_ text: String) -> Judgement { .check(Finding.Check(holds: nil, text: text)) }
}
