internal import WalkModel
import Network
import Observations
import Wire

/// What is known at a point of the stream beside the packets themselves: what conntrack, the hooks, the rule trace and
/// ICMP errors told, what was lost, and how far the stream has come.
struct StreamState: ~Copyable {
    let quietNanoseconds: Int64
    let queueNanoseconds: Int64
    var translations: TranslationTable
    /// Which hooks have been seen at work, by namespace: bit 0 IPv4, bit 1 IPv6.
    private(set) var hooksSeen: ContiguousArray<UInt8> = []
    /// By namespace, whether anything came of conntrack there.
    private(set) var hasConntrack: ContiguousArray<Bool> = []
    /// By namespace, which rule traces came.
    private(set) var tracedRules: [Int32: TracedRules] = [:]
    /// ICMP errors by the label of the packet that they quote, while it may still be open.
    private(set) var errors: [UInt64: PacketError] = [:]
    private var nextErrorSweep: Int64 = .min
    private(set) var losses: [Loss] = []
    var tunnelFragments = TunnelFragments()
    private var nextFragmentSweep: Int64 = .min
    var watermark: Int64 = .min
    /// Which packets are looked at.
    var sample = SampleShare.all
    /// Of the first observation.
    private(set) var beginning: Int64 = .max
    /// The stream has ended: what is open may go on after its end.
    var isClosing = false
    /// Conntrack entries that are gone, but whose last packets may still be on their way.
    private var destroyed: [(timeNanoseconds: Int64, namespace: Int32, original: FlowKey, reply: FlowKey)] = []
    private var destroyedStart = 0

    /// Which backends' traces came from a namespace.
    struct TracedRules: OptionSet {
        var rawValue: UInt8
        static let nftables = TracedRules(rawValue: 1)
        static let legacy = TracedRules(rawValue: 2)
    }

    init(quietNanoseconds: Int64, queueNanoseconds: Int64, translationLimit: Int) {
        self.quietNanoseconds = quietNanoseconds
        self.queueNanoseconds = queueNanoseconds
        translations = TranslationTable(limit: translationLimit)
    }

    /// Makes room for namespaces numbered below `count`.
    mutating func reserve(namespaces count: Int) {
        while hooksSeen.count < count { hooksSeen.append(0) }
        while hasConntrack.count < count { hasConntrack.append(false) }
    }

    // MARK: Taking

    @inline(__always)
    mutating func see(_ observation: borrowing Observation, at place: Place) {
        beginning = min(beginning, observation.timeNanoseconds)
        if place.isLink { return }
        hooksSeen[Int(place.namespace)] |= observation.headers.source.family == .ipv6 ? 2 : 1
    }

    mutating func take(_ error: PacketError, quoting label: UInt64, limit: Int) {
        if errors.count > limit { errors.removeAll() }
        errors[label] = error
    }

    mutating func take(_ flow: FlowEvent, in namespace: Int32) {
        if namespace >= 0 { hasConntrack[Int(namespace)] = true }
        let original = FlowKey(flow.original)
        let reply = FlowKey(flow.reply)
        if flow.change == .destroy {
            if reply.reversed != original { destroyed.append((flow.timeNanoseconds, namespace, original, reply)) }
        } else {
            translations.insert(
                namespace: namespace, original: original, reply: reply, timeNanoseconds: flow.timeNanoseconds)
        }
    }

    mutating func take(_ rule: RuleEvent, in namespace: Int32) {
        guard namespace >= 0 else { return }
        tracedRules[namespace, default: []].insert(
            rule.reference.backend == .iptablesLegacy ? .legacy : .nftables)
    }

    mutating func take(_ loss: Loss) { losses.append(loss) }

    /// Forgets what no open walk can ask for any more.
    mutating func forget(before time: Int64) {
        let quiet = quietNanoseconds
        // The longest that a walk is open.
        let reach = queueNanoseconds + 4 * quiet
        while destroyedStart < destroyed.count, destroyed[destroyedStart].timeNanoseconds + reach < time {
            let gone = destroyed[destroyedStart]
            translations.remove(
                namespace: gone.namespace, original: gone.original, reply: gone.reply,
                timeNanoseconds: gone.timeNanoseconds)
            destroyedStart += 1
        }
        if destroyedStart > 1024, destroyedStart * 2 > destroyed.count {
            destroyed.removeFirst(destroyedStart)
            destroyedStart = 0
        }
        if !errors.isEmpty, time > nextErrorSweep {
            nextErrorSweep = time + 8 * quiet
            errors = errors.filter { $0.value.timeNanoseconds + 8 * quiet > time }
        }
        if !tunnelFragments.isEmpty, time > nextFragmentSweep {
            nextFragmentSweep = time + reach
            tunnelFragments.forget(before: time - 2 * reach)
        }
        if let first = losses.first, first.timeNanoseconds + 2 * reach < time {
            losses.removeAll { $0.timeNanoseconds + reach < time }
        }
    }

    // MARK: Asking

    /// Nothing is known but sightings and conntrack: no errors, losses or rules.
    var isPlain: Bool { errors.isEmpty && losses.isEmpty && tracedRules.isEmpty }

    /// Whether hooks of the sighting's family have been seen at work in a namespace.
    @inline(__always)
    func hasHooks(_ sighting: Sighting, in namespace: Int32) -> Bool {
        hooksSeen[Int(namespace)] & (sighting.has(Sighting.isIPv6) ? 2 : 1) != 0
    }

    /// Whether sightings at the hooks of a namespace were lost from then on: that one is missing proves nothing.
    func hasLostHooks(_ name: String, since time: Int64) -> Bool {
        if losses.isEmpty { return false }
        let source = "nflog \(name)"
        return losses.contains {
            ($0.source == source || $0.source == Loss.kernelSightings) && $0.timeNanoseconds >= time
        }
    }

    /// Whether sightings were lost from then on, at whatever place.
    func hasLostSightings(since time: Int64) -> Bool {
        losses.contains { $0.timeNanoseconds >= time && Loss.subject(of: $0.source) == .sightings }
    }

    /// Nanoseconds from the last sighting of a packet to what may yet come about it. Of look-alikes, which one a late
    /// event is about can't be told.
    func patience(isOnlyPacket: Bool) -> Int64 {
        isOnlyPacket ? max(queueNanoseconds, 2 * quietNanoseconds) : 2 * quietNanoseconds
    }
}
