internal import WalkModel

/// The packet was given to its sender's kernel, and none of the places that were watched saw it. Made by `explain`, which
/// sends the packet itself.
struct NotSeen: Obstacle {
    let code: FindingCode = "not-seen"
}
