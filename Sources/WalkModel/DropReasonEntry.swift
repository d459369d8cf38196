/// What one reason of `kfree_skb` means to somebody who looks for a packet (include/net/dropreason-core.h, and the
/// function of the kernel that gives it).
public struct DropReasonEntry: Sendable, Hashable {
    /// When letting go of a packet for this reason is ordinary.
    public enum Health: Sendable, Hashable {
        /// Never: the packet did not get where it was sent.
        case drop
        /// Always: the free is no drop.
        case healthy
        /// Where the packet had reached its end before: its copy, its acknowledged data or its closed socket is freed.
        case healthyOnceDelivered
    }

    /// A whole sentence of what the kernel found, without a subject: `the connection's window is exceeded`.
    public var meaning: String
    /// What to look at next: a command or a setting.
    public var lookAt: String
    public var health: Health

    public init(_ meaning: String, lookAt: String, _ health: Health = .drop) {
        self.meaning = meaning
        self.lookAt = lookAt
        self.health = health
    }
}
