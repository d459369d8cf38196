internal import Network
internal import Wire

/// The hooks of one namespace that log packets, from when they are laid until they are removed.
protocol LaidHooks: AnyObject {
    /// By the number in the prefixes of the rules. A point that no longer stands keeps its number: packets that were logged there
    /// may still wait.
    var points: [HookPoint] { get }

    /// Has them log no more than a sample, where they can choose.
    func sample(_ share: SampleShare) throws

    /// Encloses chains that came since.
    ///
    /// - Returns: whether a point was laid or moved.
    func enclose(_ chains: [RuleChain], share: SampleShare) throws -> Bool

    /// Lays again what somebody took away.
    ///
    /// - Returns: whether anything was missing.
    func layAgain() throws -> Bool

    func remove()
}

/// What newer chains ask of the points that stand in a namespace.
struct HookChange {
    /// To be laid.
    let new: [HookPoint]
    /// Those that stand at another priority than their place now has: they go as the new ones come.
    let moved: [HookPoint]

    /// Points that no chain asks for any more stay.
    init(laid: [HookPoint], wanted: [HookPoint]) {
        new = wanted.filter { !laid.contains($0) }
        moved = laid.filter { point in !wanted.contains(point) && wanted.contains { $0.isSamePlace(as: point) } }
    }

    var isEmpty: Bool { new.isEmpty && moved.isEmpty }
}

extension HookPoint {
    /// Whether a sighting at either is a sighting at the same vantage point.
    func isSamePlace(as other: HookPoint) -> Bool {
        hook == other.hook && stage == other.stage && edge == other.edge
    }
}
