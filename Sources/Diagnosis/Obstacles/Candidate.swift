internal import Observations
internal import WalkModel

/// Something that could have stopped the packet, with what would prove it.
struct Candidate: Sendable {
    var finding: Finding
    /// State proves that the packet can't have passed.
    var isCertain: Bool
    /// The kernel's drop reasons by which it shows; empty where it shows by none.
    var reasons: Set<DropReason> = []
    var traits: ObstacleTraits = []
    /// Of a rule: what its counter says.
    var count: RuleCount?
}
