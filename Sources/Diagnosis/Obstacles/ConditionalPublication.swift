internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A rule that publishes the port that was asked for, under a condition that this packet does not meet: another address,
/// device or source. The condition may stand in the rule itself, in a jump that leads to it, or in a verdict map.
///
/// It is found by trying: the same packet as it would be elsewhere, through the same rules.
struct ConditionalPublication {
    var rule: RuleReference
    var target: IPAddress
    var port: UInt16?
    /// `on 203.0.113.3 only, and the packet asked 203.0.113.2`.
    var words: String

    private static let limit = 64

    /// Nil where a packet to this port is translated under none of them.
    init?(_ step: SocketStep) {
        guard !step.isSentHere, step.packet.destinationPort != nil else { return nil }
        let namespace = step.namespace
        var asked = step.packet
        asked.connection = .new
        asked.isDestinationTranslated = nil
        if let found = Self.trying(asked, step) {
            self = found
            return
        }
        let site = RuleSite(namespace: namespace, inDevice: step.device)
        let near = Self.traversal(site, asked).run(asked).nearMisses.first { near in
            near.action.translationKind?.isSource == false && near.match.field.isCondition
        }
        guard let near, let target = near.action.translation?.first else { return nil }
        rule = near.rule
        self.target = target
        port = near.action.translation?.ports?.lowerBound
        words = "but \(near.condition) does not match: \(near.because)"
    }

    private init(_ rule: RuleReference, _ result: HookResult, _ words: String) {
        self.rule = rule
        target = result.packet.destination
        port = result.packet.destinationPort
        self.words = words
    }

    private static func trying(_ asked: PacketState, _ step: SocketStep) -> Self? {
        let (namespace, device) = (step.namespace, step.device)
        let ruleset = namespace.netfilter.compiled
        let own = namespace.links.filter { $0.kind != .loopback }.flatMap(\.addresses).map(\.address)
        let named = ruleset.chains.flatMap { $0.rules.flatMap(\.publishedAddresses) }
        var seen: Set<IPAddress> = [asked.destination]
        for address in (own + named).prefix(limit)
        where address.family == asked.destination.family && seen.insert(address).inserted {
            var packet = asked
            packet.destination = address
            let words = "on \(address) only, and the packet asked \(asked.destination)"
            if let found = translated(packet, namespace, device, words) { return found }
        }
        for link in namespace.links where link.kind != .loopback && link.master == nil && link.name != device {
            let words = "for what comes in by \(link.name) only, and the packet came by \(device)"
            if let found = translated(asked, namespace, link.name, words) { return found }
        }
        for prefix in ruleset.chains.flatMap({ $0.rules.flatMap(\.sourcePrefixes) }).prefix(limit)
        where prefix.address.family == asked.source.family && !prefix.contains(asked.source) {
            var packet = asked
            packet.source = prefix.address
            let words = "for \(prefix) only, and the packet came from \(asked.source)"
            if let found = translated(packet, namespace, device, words) { return found }
        }
        return nil
    }

    private static func traversal(_ site: RuleSite, _ packet: PacketState) -> HookTraversal {
        HookTraversal(site: site, hook: .prerouting, families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"])
    }

    private static func translated(
        _ packet: PacketState, _ namespace: Namespace, _ device: String, _ words: String
    ) -> Self? {
        let result = traversal(RuleSite(namespace: namespace, inDevice: device), packet).run(packet)
        guard let (rule, action) = result.translation, action.translationKind == .dnat else { return nil }
        return Self(rule, result, words)
    }
}

extension RuleField {
    /// Whether it may be what restricts a publication; the port itself is what is published.
    fileprivate var isCondition: Bool {
        switch self {
        case .address, .device, .addressType: true
        default: false
        }
    }
}

extension CompiledRule {
    /// Single addresses that the rule or its verdict map names as destinations.
    fileprivate var publishedAddresses: [IPAddress] {
        let matched = matches.flatMap { $0.isNegated ? [] : $0.field.addresses($0.values, at: .destination) }
        let mapped = actions.flatMap { action -> [IPAddress] in
            guard case .verdictMap(let map) = action else { return [] }
            return map.field.addresses(map.entries.map(\.key), at: .destination)
        }
        return matched + mapped
    }

    fileprivate var sourcePrefixes: [IPPrefix] {
        matches.flatMap { match -> [IPPrefix] in
            guard case .address(.source, _) = match.field, !match.isNegated else { return [] }
            return match.prefixes
        }
    }
}

extension RuleField {
    fileprivate func addresses(_ values: [RuleValue], at end: End) -> [IPAddress] {
        values.flatMap { value -> [IPAddress] in
            switch (self, value) {
            case (_, .named(_, let elements)): addresses(elements, at: end)
            case (.address(end, _), .addresses(let range)): [range.lowerBound]
            case (.address(end, _), .prefix(let prefix)): [prefix.address]
            case (.concatenation(let fields), .tuple(let parts)):
                zip(fields, parts).flatMap { $0.addresses([$1], at: end) }
            default: []
            }
        }
    }
}
