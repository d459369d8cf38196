public import Network
public import Observations
internal import Ruleset
public import WalkModel
internal import Wire

/// What could stop other traffic between the same two ends, where one small packet of our own passed.
///
/// `explain` sends a short packet, as root, from a new port: a user's traffic differs in its size, in who sends it, in how
/// much of it there is, and in what conntrack remembers of it. Nothing here says that something is wrong: each finding is a note (severity `info`).
public struct Contrast: Sendable {
    /// A longer packet between the same addresses, sent after the first one was answered.
    public enum LongerPacket: Sendable {
        /// It was answered too.
        case answered(bytes: UInt32)
        /// It was too long for a link, and its sender learnt so by the ICMP error, as path MTU discovery needs (RFC 1191).
        case reported(bytes: UInt32)
        /// Nothing came back. Its walk with what was found, where probes saw it.
        case unanswered(bytes: UInt32, Walk?)
    }

    private let walk: Walk
    private let inputs: PathInputs
    private let flows: [FlowEvent]
    private let longer: LongerPacket?
    private let isFirstEcho: Bool

    /// - Parameters:
    ///   - walk: the packet that passed and was answered.
    ///   - flows: what conntrack told of connections of the same addresses, in the order of time.
    ///   - longer: nil where none was sent.
    public init(_ walk: Walk, _ topology: Topology, flows: [FlowEvent] = [], longer: LongerPacket? = nil) {
        self.walk = walk
        self.flows = flows
        self.longer = longer
        isFirstEcho = walk.kind.isEchoRequest
        inputs = PathInputs(DiagnosisContext(topology: topology).concerning([walk]))
    }

    /// What was looked at, and differs; a sentence each of what was looked at and does not.
    public func findings() -> (notes: [Finding], passed: [String]) {
        var notes: [Finding] = []
        var passed: [String] = []
        func take(_ part: (notes: [Finding], passed: String?)) {
            notes += part.notes
            if let text = part.passed { passed.append(text) }
        }
        take(size())
        take(routeSize())
        let rules = conditionalRules()
        take(senders(rules))
        take(rates(rules))
        take(connections())
        take(otherFamily())
        take(portAddress())
        for index in notes.indices { notes[index].checks += passed.map { Finding.Check(holds: false, text: $0) } }
        return (notes, passed)
    }

    // MARK: Size

    private func size() -> (notes: [Finding], passed: String?) {
        switch longer {
        case nil: return ([], nil)
        case .answered(let bytes): return ([], "an echo request of \(bytes) bytes with DF was answered too")
        case .reported(let bytes):
            return (
                [],
                "an echo request of \(bytes) bytes with DF was too long for a link, and the ICMP error reached its sender: path MTU discovery works"
            )
        case .unanswered(let bytes, let longWalk):
            guard let longWalk, var finding = longWalk.findings.first, concernsSize(finding) else {
                return (
                    [], "an echo request of \(bytes) bytes with DF was not answered; whether for its size is not known"
                )
            }
            finding.severity = .info
            finding.checks.removeAll { $0.holds == true }
            finding.message =
                "this packet passed, and an echo request of \(bytes) bytes with DF between the same addresses did not: \(finding.message)"
            return ([finding], nil)
        }
    }

    /// What was sent with DF was sent whatever the MTU of the sender's own route is (IP_PMTUDISC_PROBE), as no other program
    /// does.
    private func routeSize() -> (notes: [Finding], passed: String?) {
        guard let first = walk.hops.first, first.packet.dontFragment == true,
            let namespace = inputs.graph[namespace: first.namespace]
        else { return ([], nil) }
        let choice = namespace.lookUpRoute(to: walk.destination, source: walk.source, mark: 0, inDevice: nil)
        let name = namespace.name
        let answer = walk.hops.compactMap(\.route).last { $0.namespace == name && $0.inDevice == nil }
        if let mtu = answer?.pathMTU, first.packet.length > mtu {
            let note = MTUExceeded().sentPast(mtu, first.packet.length, to: walk.destination, choice, in: name)
            return ([note], nil)
        }
        guard let mtu = choice.route?.mtu, mtu > 0, first.packet.length > mtu else { return ([], nil) }
        return (
            [
                Finding(
                    code: MTUExceeded().code, severity: .info,
                    where: Finding.Place(namespace: name, device: choice.device),
                    message:
                        "this packet of \(first.packet.length) bytes was sent past the MTU of the sender's own route \(choice.text) (mtu \(mtu)); a program that sets DF gets \"Message too long\" (EMSGSIZE) for it",
                    evidence: [.state("mtu \(mtu) of the route \(choice.text) in \(name)")])
            ], nil
        )
    }

    /// An address on a bridge's port: frames come and go only while both ends remember each other's link-layer address.
    private func portAddress() -> (notes: [Finding], passed: String?) {
        for namespace in inputs.topology.namespaces {
            for link in namespace.links where link.isBridgePort(of: namespace) {
                guard walk.hops.contains(where: { $0.namespace == namespace.name && $0.device == link.name }),
                    let prefix = link.addresses.first(where: { $0.address.isIPv4 && !$0.address.isLinkLocal }),
                    let master = link.master.flatMap({ namespace[device: $0] }),
                    !master.addresses.contains(where: { $0.contains(prefix.address) })
                else { continue }
                let note = Finding(
                    code: AddressOnBridgePort().code, severity: .info,
                    where: Finding.Place(namespace: namespace.name, device: link.name),
                    message:
                        "\(prefix) is configured on \(link.name) in \(namespace.name), a port of the bridge \(master.name): packets pass only as long as both ends remember each other's link-layer address, and then nothing answers for \(prefix.address)",
                    evidence: [.state("\(prefix) on \(link.name), master \(master.name), in \(namespace.name)")],
                    remedy: AddressOnBridgePort.remedy(prefix, link, namespace))
                return ([note], nil)
            }
        }
        return ([], nil)
    }

    /// An echo request that was answered while a longer one was not differs in its size alone.
    private func concernsSize(_ finding: Finding) -> Bool {
        isFirstEcho || Catalogue.obstacle(finding.code)?.traits.contains(.dependsOnSize) == true
    }

    // MARK: Rules

    private func conditionalRules() -> [ConditionalRule] {
        guard let sender = walk.hops.first?.namespace,
            let packet = WalkReading(walk: walk, topology: inputs.topology).packet()
        else { return [] }
        let path = ForwardPath(of: packet, from: .send(namespace: sender), inputs)
        return path.steps.flatMap { step -> [ConditionalRule] in
            guard case .hook(let hook) = step else { return [] }
            return ConditionalRule.all(in: hook)
        }
    }

    private func senders(_ rules: [ConditionalRule]) -> (notes: [Finding], passed: String?) {
        let asking = rules.filter { $0.kind == .sender }
        let routing = routingByUser()
        if asking.isEmpty, routing.isEmpty {
            return ([], "no rule that was read on the path asks for user, group or control group")
        }
        return (
            routing
                + asking.prefix(2).map {
                    note($0, "this packet was sent by root; packets of other users, groups or services")
                },
            nil
        )
    }

    /// Rules of policy routing that send the packets of some users by other routes, or refuse them.
    private func routingByUser() -> [Finding] {
        guard let sender = walk.hops.first?.namespace, let namespace = inputs.topology[namespace: sender],
            let packet = WalkReading(walk: walk, topology: inputs.topology).packet()
        else { return [] }
        return namespace.userRules(for: packet).prefix(2).map { rule in
            let isRefusal = rule.action.refusal != nil
            return Finding(
                code: isRefusal ? BlackholeRoute().code : RoutedElsewhere().code, severity: .info,
                where: Finding.Place(namespace: sender),
                message:
                    "this packet was sent by root; packets of other users may be \(isRefusal ? "refused" : "routed elsewhere") by the routing rule \"\(rule.text)\" in \(sender)",
                evidence: [.state("ip rule \(rule.text) in \(sender)")])
        }
    }

    private func rates(_ rules: [ConditionalRule]) -> (notes: [Finding], passed: String?) {
        let asking = rules.filter { $0.kind == .rate }
        if asking.isEmpty { return ([], "no rule that was read on the path limits a rate") }
        return (asking.prefix(2).map { note($0, "this was one packet; more of them") }, nil)
    }

    private func note(_ conditional: ConditionalRule, _ subject: String) -> Finding {
        let rule = conditional.rule.reference
        let (namespace, hook) = (conditional.step.traversal.site.namespace, conditional.step.traversal.hook)
        let effect =
            conditional.ends
            ? "may be ended by \(rule.name) in \(namespace.name), which asks"
            : "may be ended where \(rule.name) in \(namespace.name) does not let them pass, which asks"
        return Finding(
            code: RuleDrop().code, severity: .info,
            where: Finding.Place(namespace: namespace.name, hook: hook),
            message: "\(subject) \(effect): \(conditional.condition)",
            evidence: [.state("\(rule.name) in \(namespace.name): \(rule.text ?? "")")], rule: rule)
    }

    // MARK: Conntrack

    private func connections() -> (notes: [Finding], passed: String?) {
        let reading = WalkReading(walk: walk, topology: inputs.topology)
        let found = RememberedConnection.all(on: reading, flows)
        let other = found.filter { $0.difference != nil }
        if other.isEmpty {
            let unreplied = found.count { !$0.isReplied }
            let state = unreplied > 0 ? ", \(unreplied) unreplied" : ""
            let count = found.isEmpty ? "" : " (\(found.count) looked at\(state))"
            return ([], "no conntrack entry that was read sends these two ends elsewhere\(count)")
        }
        return (other.prefix(2).compactMap { StaleConntrack().note($0) }, nil)
    }

    // MARK: The other IP family

    /// Programs that go by name try the other family too (RFC 8305), IPv6 first: where the receiver can be seen to have it,
    /// and the sender a route to it, is it stopped on its path?
    private func otherFamily() -> (notes: [Finding], passed: String?) {
        let family: IPAddress.Family = walk.destination.isIPv4 ? .ipv6 : .ipv4
        let name = family == .ipv4 ? "IPv4" : "IPv6"
        guard let sender = walk.hops.first?.namespace, let namespace = inputs.graph[namespace: sender],
            let holder = inputs.graph.holders(of: walk.destination).first,
            inputs.graph.namespace(of: holder).name != sender,
            let other = inputs.graph[holder].addresses.first(where: {
                $0.address.family == family && !$0.address.isLinkLocal && !$0.address.isLoopback
            })?.address
        else { return ([], nil) }
        let choice = namespace.lookUpRoute(to: other, source: nil, mark: 0, inDevice: nil)
        let hasAddress = namespace.links.contains { link in
            link.kind != .loopback
                && link.addresses.contains { $0.address.family == family && !$0.address.isLinkLocal }
        }
        guard choice.kind == .unicast, hasAddress, let packet = same(to: other) else { return ([], nil) }
        let path = PathFindings(ForwardPath(of: packet, from: .send(namespace: sender), inputs))
        guard var finding = path.candidates.first(where: \.isCertain)?.finding else {
            return ([], "nothing that was read stops it by \(name), to \(other)")
        }
        finding.severity = .info
        finding.message =
            "this packet passed by \(walk.destination.isIPv4 ? "IPv4" : "IPv6"); by \(name), to \(other) of \(inputs.graph.namespace(of: holder).name), it would not: \(finding.message)"
        return ([finding], nil)
    }

    /// The same packet to another address.
    private func same(to destination: IPAddress) -> PacketState? {
        guard var packet = WalkReading(walk: walk, topology: inputs.topology).packet() else { return nil }
        packet.destination = destination
        packet.source = destination.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
        if packet.isEchoRequest {
            packet.ipProtocol = destination.isIPv4 ? .icmp : .icmpv6
            packet.icmpType = destination.isIPv4 ? 8 : 128
        }
        packet.connection = .new
        return packet
    }
}
