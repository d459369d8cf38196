internal import LinuxSystem
internal import Observations
internal import Network
internal import Wire

/// Asks the routing question of each flow at each router that it is seen to pass, once.
///
/// A packet that comes in is asked for behind the last stage of prerouting, where destination NAT has been done; one
/// that this host sends, at output. Where there are no hooks, the packet is taken as it comes in by a link that is no
/// bridge port, addressed to the link's own MAC, and the conntrack entry of its flow says what prerouting makes of
/// it; locally sent packets are not asked for then.
///
/// Questions wait for the next release of the merger, so that the conntrack event of a flow can come before. Bounded:
/// 65,536 flows are remembered, then all are forgotten; at most 2,000 questions a second, those beyond are left out and
/// counted. Answers are forgotten after ten seconds and when a route, rule or address of the namespace changes.
final class RouteProbe {
    private struct Question: Hashable {
        var namespace: String
        var tuple: FlowTuple
        var inDevice: String?
        var mark: UInt32
    }

    /// What a link is for a packet that comes in by it.
    private struct LinkRole {
        var mac: MACAddress?
        var isPort: Bool
    }

    private struct FlowKey: Hashable {
        var namespace: String
        var tuple: FlowTuple
    }

    private let usesHooks: Bool
    private var queries: [String: RouteQuery] = [:]
    private var roles: [String: [String: LinkRole]] = [:]
    private var names: [String: [UInt32: String]] = [:]
    private var asked: [Question: Int64] = [:]
    /// Flows that were looked at at some place: a newer one takes the place of an older one.
    private var recent = Array(repeating: Recent(), count: recentCount)
    private static let recentCount = 4096

    private struct Recent {
        var key: UInt64 = 0
        var timeNanoseconds: Int64 = 0
    }

    private var waiting: [Question] = []
    /// Source and destination behind prerouting, by the tuple as it comes in. Without hooks only.
    private var translated: [FlowKey: FlowTuple] = [:]
    private var allowance = 2_000
    private var allowanceTime: Int64 = 0
    private(set) var leftOut: UInt64 = 0

    private static let memory = 65_536
    private static let lifetime: Int64 = 10_000_000_000
    private static let perSecond = 2_000

    /// Of local packets; nil for this process's own.
    private let user: UInt32?

    init(usesHooks: Bool, user: UInt32? = nil) {
        self.usesHooks = usesHooks
        self.user = user
    }

    func add(_ namespace: Namespace, file: NetworkNamespaceFile) throws {
        queries[namespace.name] = try RouteQuery(namespace: namespace.name, file: file)
        learn(namespace)
    }

    func learn(_ namespace: Namespace) {
        guard let query = queries[namespace.name] else { return }
        forgetRecent()
        query.forgetDevices()
        roles[namespace.name] = namespace.links.reduce(into: [:]) { roles, link in
            roles[link.name] = LinkRole(mac: link.mac, isPort: link.master != nil)
        }
        names[namespace.name] = namespace.links.reduce(into: [:]) { names, link in names[link.index] = link.name }
    }

    private func forgetRecent() { recent = Array(repeating: Recent(), count: Self.recentCount) }

    func remove(_ namespace: String) {
        queries[namespace] = nil
        roles[namespace] = nil
        names[namespace] = nil
        forget(namespace)
    }

    /// After a change of routing.
    func forget(_ namespace: String) {
        forgetRecent()
        asked = asked.filter { $0.key.namespace != namespace }
        queries[namespace]?.forgetDevices()
    }

    func see(_ observation: borrowing Observation, at registry: VantageRegistry) {
        // Of a packet in a tunnel the headers are the inner ones, which nobody routes here.
        guard observation.headers.isIP, observation.headers.fragmentOffset == 0,
            observation.headers.tunnelKind == .none,
            !isKnown(observation)
        else { return }
        see(observation.headers, observation, at: registry[observation.vantage])
    }

    /// Whether another packet of the flow was seen at the place a moment ago: most are, and all else takes longer.
    private func isKnown(_ observation: borrowing Observation) -> Bool {
        let headers = FlowFields(observation.headers)
        var value = Self.mixed(headers.source.high ^ headers.destination.low, headers.source.low)
        value = Self.mixed(value, headers.destination.high ^ headers.ports << 32 ^ UInt64(observation.mark))
        value = Self.mixed(value, UInt64(observation.vantage.rawValue) << 32 | UInt64(observation.inDevice))
        value = Self.mixed(value, headers.macDestination ^ UInt64(headers.ipProtocol) << 56)
        let slot = Int(truncatingIfNeeded: value & UInt64(Self.recentCount - 1))
        let time = observation.timeNanoseconds
        if recent[slot].key == value, abs(time - recent[slot].timeNanoseconds) < Self.lifetime / 2 { return true }
        recent[slot] = Recent(key: value, timeNanoseconds: time)
        return false
    }

    /// What of the headers a question rests on.
    private struct FlowFields {
        let source: IPAddress
        let destination: IPAddress
        /// Of an echo its identifier.
        let ports: UInt64
        let ipProtocol: UInt8
        /// 0 where it was not read.
        let macDestination: UInt64

        init(_ headers: borrowing PacketHeaders) {
            source = headers.source
            destination = headers.destination
            ports =
                headers.isEcho
                ? UInt64(headers.icmpIdentifier) : UInt64(headers.sourcePort) << 16 | UInt64(headers.destinationPort)
            ipProtocol = headers.ipProtocol.rawValue
            macDestination = headers.macDestination.value
        }
    }

    private static func mixed(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = (one ^ 0x8bb8_4b93_962e_acc9).multipliedFullWidth(by: other ^ 0x2d35_8dcc_aa6c_78a5)
        return max(1, product.high ^ product.low)
    }

    private func see(_ headers: PacketHeaders, _ observation: borrowing Observation, at point: VantagePoint) {
        let inDevice: String?
        switch point.kind {
        case .netfilter where point.hook == .prerouting && point.stage == .dstnat && point.edge == .after:
            // With br_netfilter the hook sees the bridge as the device, and the packet may be bridged on; the
            // question is the right one all the same if it is routed.
            guard let device = names[point.namespace]?[observation.inDevice] else { return }
            inDevice = device
        case .netfilter where point.hook == .output:
            inDevice = nil
        case .link where !usesHooks && point.direction == .in:
            guard let device = point.device, let role = roles[point.namespace]?[device], !role.isPort else { return }
            if headers.flags.contains(.hasMACDestination), let mac = role.mac, mac != headers.macDestination { return }
            inDevice = device
        default:
            return
        }
        let question = Question(
            namespace: point.namespace, tuple: FlowTuple(headers), inDevice: inDevice, mark: observation.mark)
        let time = observation.timeNanoseconds
        if let before = asked[question], time - before < Self.lifetime { return }
        if asked.count >= Self.memory { asked.removeAll(keepingCapacity: true) }
        asked[question] = time
        waiting.append(question)
    }

    /// Learns what prerouting makes of a flow.
    func see(_ flow: FlowEvent) {
        guard !usesHooks, flow.original != flow.reply.reversed else { return }
        if translated.count >= Self.memory { translated.removeAll(keepingCapacity: true) }
        var forth = flow.original
        forth.destination = flow.reply.source
        forth.destinationPort = flow.reply.sourcePort
        var back = flow.reply
        back.destination = flow.original.source
        back.destinationPort = flow.original.sourcePort
        if forth != flow.original { translated[FlowKey(namespace: flow.namespace, tuple: flow.original)] = forth }
        if back != flow.reply { translated[FlowKey(namespace: flow.namespace, tuple: flow.reply)] = back }
    }

    /// Puts the questions that wait and hands the answers to `intake`.
    func ask(into intake: Intake) {
        guard !waiting.isEmpty else { return }
        let now = realTimeNanoseconds()
        if now - allowanceTime >= 1_000_000_000 {
            allowanceTime = now
            allowance = Self.perSecond
        }
        for question in waiting {
            guard allowance > 0 else {
                leftOut += 1
                asked[question] = nil
                forgetRecent()
                continue
            }
            allowance -= 1
            let tuple =
                translated[FlowKey(namespace: question.namespace, tuple: question.tuple)] ?? question.tuple
            let answer = try? queries[question.namespace]?.decision(
                for: tuple, inDevice: question.inDevice, mark: question.mark,
                user: question.inDevice == nil ? user : nil)
            if let answer { intake.fact(.route(answer)) }
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
