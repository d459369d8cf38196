internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink
internal import Observations
internal import Network
internal import Wire

/// The kernel's trace of one namespace's nftables and iptables-nft rules (NFNLGRP_NFTRACE).
final class NftablesTraceSource: DatagramReader {
    let name: String
    private let namespace: String
    private let socket: NetlinkSocket
    private let join: TraceJoin
    private let onClose: () -> Void
    private let onUnknownRule: () -> Void
    private var index: RulesetIndex
    private var assembly: TraceAssembly
    private var dropped: UInt32 = 0
    private var nextRequest: Int64 = 0
    /// Rules of our own that stand in chains of others.
    var ownHandles: Set<OwnRules.Handle> = []
    /// Where there are any: asks which they are by now, since they may have been laid again.
    var findOwn: (() -> Set<OwnRules.Handle>?)?
    /// Has the kernel trace packets or not, as long as that may be changed.
    var setTracing: ((Bool) throws -> Void)?
    /// The sample that was asked for: of a coarser one no rules are traced.
    var askedShare = SampleShare.all
    private var isSampled = false
    private var isPaused = false
    private var isTracing = true

    var namespaceName: String? { namespace }
    var socketDescriptor: Int32 { socket.descriptor }

    /// Opens the socket. Nothing is traced yet.
    ///
    /// - Parameters:
    ///   - onUnknownRule: called now and then when a rule is met that `namespace` does not have.
    ///   - onClose: stops the tracing; called once.
    init(
        _ namespace: Namespace, file: NetworkNamespaceFile, join: TraceJoin, onUnknownRule: @escaping () -> Void,
        onClose: @escaping () -> Void
    ) throws {
        self.namespace = namespace.name
        name = "\(Loss.ruleTracePrefix)\(namespace.name)"
        self.join = join
        self.onClose = onClose
        self.onUnknownRule = onUnknownRule
        index = RulesetIndex(namespace)
        assembly = TraceAssembly(namespace: namespace.name)
        socket = try file.perform {
            try NetlinkSocket(
                .netfilter, groups: [Int(NFNLGRP_NFTRACE.rawValue)], bufferBytes: 32 << 20)
        }
    }

    /// Takes a newer snapshot of the rules.
    func learn(_ namespace: Namespace) {
        index = RulesetIndex(namespace)
        ownHandles = findOwn?() ?? ownHandles
    }

    func take(_ datagram: ArraySlice<UInt8>, receivedAt: Int64, into intake: Intake) -> TakenDatagram {
        var count = 0
        for message in NetlinkMessages(datagram) {
            count += 1
            guard let trace = TraceMessage(message) else { continue }
            let isOwn =
                trace.handle.map {
                    ownHandles.contains(OwnRules.Handle(family: trace.family, table: trace.table, handle: $0))
                } ?? false
            if let (key, event) = assembly.take(trace, isOwn: isOwn, index: index, timeNanoseconds: receivedAt) {
                join.add(event, key: key)
            }
        }
        return TakenDatagram(events: count, readUpTo: receivedAt)
    }

    func overrun(into intake: Intake) {
        assembly.overrun()
        settle(into: intake)
    }

    func turnEnded(_ count: Int, isDrained: Bool, into intake: Intake) {
        if isDrained { assembly.drained() }
        settle(into: intake)
    }

    /// Tells of losses at once: the walks that they concern may end before the next count is asked for.
    private func settle(into intake: Intake) {
        reportLosses(into: intake)
        let now = realTimeNanoseconds()
        if assembly.takeUnknownRule(), now >= nextRequest {
            nextRequest = now + 5_000_000_000
            onUnknownRule()
        }
    }

    func reportLosses(into intake: Intake) {
        let count = socket.drops
        let lost = UInt64(count &- dropped) + assembly.takeLost()
        dropped = count
        intake.loss(Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: lost))
    }

    func sample(_ share: SampleShare) throws {
        isSampled = share != askedShare
        try change()
    }

    func pauseRuleTrace(_ isPaused: Bool) throws {
        self.isPaused = isPaused
        try change()
    }

    private func change() throws {
        let isWanted = !isSampled && !isPaused
        guard let setTracing, isWanted != isTracing else { return }
        try setTracing(isWanted)
        isTracing = isWanted
    }

    func close() { onClose() }
}
