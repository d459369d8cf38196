internal import Observations
internal import Ruleset
internal import WalkModel

/// All kinds of findings. The order counts: at one step, candidates and checks come in it, and of the obstacles that
/// could name a rule the first that knows it does.
enum Catalogue {
    static let all: [any Obstacle] = [
        // Routes
        LoopbackDown(), LinkDown(), IPv6Disabled(), NoRoute(), BlackholeRoute(),
        // What rules are there for; the plain names come last.
        Redirected(), ServiceWithoutEndpoints(), AcceptNotFinal(), BridgeNetfilter(), ConntrackInvalid(),
        NetworkIsolation(), BroadcastNotForwarded(), HelperMissing(),
        PortNotPublished(), DNATNotForwarded(), StaleForward(), QueueWithoutProgram(), ProxyNotListening(),
        ProxyNotRouted(), RuleReject(),
        PolicyDrop(), RuleDrop(),
        ConntrackFull(), SourcePortsExhausted(),
        // Links
        TTLExpired(), LinkLocalSource(), MTUExceeded(), BridgePortBlocked(), FDBMisdirected(), MulticastSnooping(),
        DuplicateMAC(),
        VXLANUnreachable(), TCDrop(),
        // Queues
        BurstExceeded(), QueueFull(), QueueDelay(),
        // Neighbours
        NeighborTableFull(), StaleNeighbor(), DuplicateAddress(), AddressOnBridgePort(), ArpOff(), ArpIgnored(),
        ArpSenderRefused(),
        LocalRuleMissing(), AddressOnOtherDevice(), AddressUnusable(), ProxyWithoutRoute(), ProxyMissing(),
        MacvlanIsolated(),
        PortWithoutBridge(),
        GatewayUnreachable(), WrongNetmask(), WrongRoute(),
        NeighborUnresolved(),
        // Routers
        RouteLocalnet(), HairpinMissing(), ReversePathFilter(), WrongGateway(), ForwardingDisabled(),
        RoutedElsewhere(), RoutingLoop(),
        // Sockets
        StaleConntrack(), ConnectionUntracked(), ConntrackZones(), ConntrackExpired(),
        EchoIgnored(), SocketBufferFull(), AcceptQueueFull(), ProcessStopped(), ListenerElsewhere(), NoListener(),
        // Multicast
        MulticastNotForwarded(), NoGroupMember(),
        // Replies
        ReplySourceMismatch(), SourceNATMismatch(), SourceNATUnheld(), NoSourceNAT(), NoReturnPath(),
        ReplyRoutedElsewhere(), RefusedOutside(),
        NoAnswer(),
        // No cause found
        LocalPortsExhausted(), KernelRefusal(), SendFailed(), UnknownDrop(), LostUnexplained(), NotSeen(),
    ]

    /// By kind of step, in the order of `all`: each step is shown to few.
    private static let byStep: [PathStep.Kind: [any Obstacle]] = {
        var table: [PathStep.Kind: [any Obstacle]] = [:]
        for obstacle in all {
            for kind in obstacle.steps { table[kind, default: []].append(obstacle) }
        }
        return table
    }()

    static func obstacles(at kind: PathStep.Kind) -> [any Obstacle] { byStep[kind] ?? [] }

    static func obstacle(_ code: FindingCode) -> (any Obstacle)? { all.first { $0.code == code } }

    /// The candidate for a rule or policy that ends the packet.
    static func candidate(for rule: RuleEnding, _ surroundings: Surroundings) -> Candidate {
        var base = rule.finding(RuleDrop().code)
        for obstacle in all {
            base.code = obstacle.code
            guard var finding = obstacle.explain(rule, base, surroundings) else { continue }
            finding.name(rule)
            var traits = obstacle.traits
            if !rule.isReject { traits.remove(.rejects) }
            if rule.packet.fragment == .later {
                traits.insert(.isOfFragment)
                finding.message +=
                    "; the datagram goes in fragments, of which only the first has ports: no match on ports meets the later ones"
            }
            return Candidate(
                finding: finding, isCertain: rule.doubts.isEmpty, reasons: rule.reasons, traits: traits)
        }
        return Candidate(finding: base, isCertain: false)
    }

    /// What a drop reason alone says, where nothing in the configuration explains it.
    static func explanation(of reason: DropReason, _ packet: PacketState) -> (obstacle: any Obstacle, words: String)? {
        for obstacle in all {
            if let words = obstacle.words(for: reason, packet) { return (obstacle, words) }
        }
        return nil
    }
}
