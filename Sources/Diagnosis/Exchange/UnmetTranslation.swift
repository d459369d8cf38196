internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A translation that the rules of a namespace make of a new connection, and that a packet was seen without.
///
/// Rules of nat are asked for the first packet of a connection only, and of tracked ones: so an entry of conntrack that is
/// older than the rule, or a rule that exempts the packet from tracking, keeps them from being asked.
struct UnmetTranslation: Sendable {
    enum Why: Sendable {
        /// Conntrack's entry says otherwise.
        case older(FlowEvent)
        /// The rule that exempts the packet.
        case untracked(RuleReference)
        /// Nothing is known.
        case unknown
    }

    var namespace: Namespace
    /// As it came into the namespace.
    var packet: PacketState
    /// The rule that would translate it.
    var rule: RuleReference
    var isSource: Bool
    var why: Why
    /// By which it came; nil where it was sent there.
    var inDevice: String?
    /// By which it left; nil where it stayed.
    var outDevice: String?

    /// The first on the packet's path; nil where each was met, or none can be told for certain.
    static func first(on reading: WalkReading, flows: [FlowEvent]) -> UnmetTranslation? {
        for stay in reading.stays() {
            if let found = destination(stay, flows, reading) ?? source(stay, flows, reading) { return found }
        }
        return nil
    }

    // MARK: Destination

    private static func destination(
        _ stay: WalkReading.Stay, _ flows: [FlowEvent], _ reading: WalkReading
    ) -> UnmetTranslation? {
        let hook: NetfilterHook = stay.inDevice == nil ? .output : .prerouting
        let site = RuleSite(namespace: stay.namespace, inDevice: stay.inDevice)
        var asked = stay.entry
        asked.connection = .new
        let (rule, action, untracking) = translation(of: asked, hook, site, from: -110)
        guard let rule, let action else { return nil }
        switch action {
        case .destinationTranslation, .redirect: break
        default: return nil
        }
        let isUnchanged =
            stay.entry.destination == stay.exit.destination
            && stay.entry.destinationPort == stay.exit.destinationPort
        func unmet(_ why: Why) -> UnmetTranslation {
            UnmetTranslation(
                namespace: stay.namespace, packet: stay.entry, rule: rule, isSource: false, why: why,
                inDevice: stay.inDevice, outDevice: stay.outDevice)
        }
        if let untracking { return isUnchanged ? unmet(.untracked(untracking)) : nil }
        guard let flow = older(stay, flows, reading), !leads(flow, by: action) else { return nil }
        return unmet(.older(flow))
    }

    /// Whether the entry sends its packets where the action would.
    private static func leads(_ flow: FlowEvent, by action: RuleAction) -> Bool {
        guard let target = action.translation else { return true }
        let (address, port) = (flow.reply.source, flow.reply.sourcePort)
        if let ports = target.ports, flow.original.ipProtocol.hasPorts, !ports.contains(port) { return false }
        guard let addresses = target.addresses else {
            // REDIRECT, or a port alone.
            return target.ports != nil || address != flow.original.destination
        }
        switch addresses {
        case .addresses(let range): return range.contains(address)
        case .prefix(let prefix): return prefix.contains(address)
        default: return true
        }
    }

    // MARK: Source

    private static func source(
        _ stay: WalkReading.Stay, _ flows: [FlowEvent], _ reading: WalkReading
    ) -> UnmetTranslation? {
        if stay.entry.source != stay.exit.source { return otherSource(stay, flows, reading) }
        guard let out = stay.outDevice, !stay.namespace.holds(stay.exit.source) else { return nil }
        let site = RuleSite(namespace: stay.namespace, inDevice: stay.inDevice, outDevice: out)
        var asked = stay.exit
        asked.connection = .new
        let result = HookTraversal(site: site, hook: .postrouting, families: families(asked), from: 50).run(asked)
        guard let (rule, action) = result.translation else { return nil }
        switch action {
        case .masquerade, .sourceTranslation, .netmap: break
        default: return nil
        }
        if action.translation?.first == stay.exit.source { return nil }
        func unmet(_ why: Why) -> UnmetTranslation {
            UnmetTranslation(
                namespace: stay.namespace, packet: stay.exit, rule: rule, isSource: true, why: why,
                inDevice: stay.inDevice, outDevice: out)
        }
        var entry = stay.entry
        entry.connection = .new
        let hook: NetfilterHook = stay.inDevice == nil ? .output : .prerouting
        let (_, _, untracking) = translation(
            of: entry, hook, RuleSite(namespace: stay.namespace, inDevice: stay.inDevice), from: -110)
        if let untracking { return unmet(.untracked(untracking)) }
        if let flow = older(stay, flows, reading), flow.reply.destination == flow.original.source {
            return unmet(.older(flow))
        }
        // Of a connection under way conntrack may have no entry.
        let isFirst = stay.entry.ipProtocol != .tcp || reading.walk.kind.opensConnection
        let isPublic = !stay.exit.destination.isPrivate && !stay.exit.destination.isLoopback
        return isFirst && isPublic && stay.exit.source.isPrivate ? unmet(.unknown) : nil
    }

    /// An entry translates the source to an address that the namespace does not have, and the rules would give another.
    private static func otherSource(
        _ stay: WalkReading.Stay, _ flows: [FlowEvent], _ reading: WalkReading
    ) -> UnmetTranslation? {
        guard let out = stay.outDevice, !stay.namespace.holds(stay.exit.source),
            let flow = older(stay, flows, reading), flow.reply.destination == stay.exit.source
        else { return nil }
        var asked = stay.exit
        asked.source = stay.entry.source
        asked.sourcePort = stay.entry.sourcePort
        asked.connection = .new
        let site = RuleSite(namespace: stay.namespace, inDevice: stay.inDevice, outDevice: out)
        let result = HookTraversal(site: site, hook: .postrouting, families: families(asked), from: 50).run(asked)
        guard let (rule, action) = result.translation, result.doubts.isEmpty, !action.mayGive(stay.exit.source) else {
            return nil
        }
        return UnmetTranslation(
            namespace: stay.namespace, packet: asked, rule: rule, isSource: true, why: .older(flow),
            inDevice: stay.inDevice, outDevice: out)
    }

    // MARK: What both need

    private static func families(_ packet: PacketState) -> Set<TableFamily> {
        [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
    }

    /// What the chains from a priority on would translate, were they asked; and the rule that keeps them from it.
    private static func translation(
        of packet: PacketState, _ hook: NetfilterHook, _ site: RuleSite, from: Int
    ) -> (rule: RuleReference?, action: RuleAction?, untracking: RuleReference?) {
        let whole = HookTraversal(site: site, hook: hook, families: families(packet)).run(packet)
        if whole.untracking == nil { return (whole.translation?.rule, whole.translation?.action, nil) }
        var tracked = packet
        tracked.mark = whole.packet.mark
        tracked.isMarkKnown = whole.packet.isMarkKnown
        let rest = HookTraversal(site: site, hook: hook, families: families(packet), from: from).run(tracked)
        return (rest.translation?.rule, rest.translation?.action, whole.untracking)
    }

    /// Conntrack's entry for the packet, if it was there before the packet was.
    private static func older(_ stay: WalkReading.Stay, _ flows: [FlowEvent], _ reading: WalkReading) -> FlowEvent? {
        let own = flows.filter { $0.namespace == stay.namespace.name && $0.original.covers(stay.entry) }
        guard let last = own.last, last.change != .destroy else { return nil }
        // An entry that was seen to be made by an earlier SYN of the same connection is as old as that.
        if reading.walk.kind.opensConnection, !own.contains(where: { $0.change == .present }) { return nil }
        let isBefore = last.change == .present || last.timeNanoseconds < reading.walk.startNanoseconds - 1_000_000
        return isBefore && last.timeNanoseconds > 0 ? last : nil
    }
}
