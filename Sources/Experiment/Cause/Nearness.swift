internal import Network
internal import WalkModel

/// How near a change is to where a packet stopped.
struct Nearness: Sendable {
    private var rule: RuleReference?
    private var namespace: String?
    private var device: String?
    private var hook: NetfilterHook?
    private var passed: Set<String>
    private var passedDevices: Set<String>

    init(_ walk: Walk, _ exchange: Exchange) {
        rule = walk.stoppedAt?.rule
        let last = walk.lastSeen ?? walk.hops.last
        namespace = walk.stoppedAt?.namespace ?? last?.namespace
        device = walk.stoppedAt?.device ?? last?.device
        hook = walk.stoppedAt?.hook
        let hops = exchange.request.hops + (exchange.reply?.hops ?? [])
        passed = Set(hops.map(\.namespace))
        passedDevices = Set(hops.compactMap { hop in hop.device.map { "\(hop.namespace) \($0)" } })
    }

    /// 0: the rule, or the very device. 1: where it stopped. 2: a device or place that it passed. 3: anywhere else.
    func distance(of change: Candidate) -> Int {
        if let rule, let own = change.rule {
            let isSame =
                own.table == rule.table && own.chain == rule.chain && own.family == rule.family
                && own.position == rule.position
            if isSame, change.place.namespace == namespace { return 0 }
        }
        if change.place.namespace == namespace {
            if let device, change.place.device == device { return 0 }
            return 1
        }
        if let name = change.place.namespace, passed.contains(name) { return 2 }
        return 3
    }
}
