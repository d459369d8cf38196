internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network
internal import Wire

/// The kernel's trace of one namespace's iptables-legacy rules, which comes as NFLOG messages of group 0 once
/// nfnetlink_log is the namespace's logger (`PacketLoggers`).
final class LegacyTraceSource: DatagramReader {
    let name: String
    private let namespace: String
    private let socket: NFLOGSocket
    private let join: TraceJoin
    private let onClose: () -> Void
    private var rules: LegacyRules
    private var sequence = SequenceCounter()

    var namespaceName: String? { namespace }
    var socketDescriptor: Int32 { socket.descriptor }

    /// - Parameter onClose: gives the logger back; called once, before the group is let go.
    init(
        _ namespace: Namespace, socket: NFLOGSocket, own: [OwnRules.Place: [Int]], join: TraceJoin,
        onClose: @escaping () -> Void
    ) {
        self.namespace = namespace.name
        name = "\(Loss.ruleTracePrefix)\(namespace.name) (iptables-legacy)"
        self.socket = socket
        self.join = join
        self.onClose = onClose
        rules = LegacyRules(index: RulesetIndex(namespace), own: own)
    }

    /// Takes a newer snapshot of the rules.
    func learn(_ namespace: Namespace) {
        rules = LegacyRules(index: RulesetIndex(namespace), own: rules.own)
    }

    func take(_ datagram: ArraySlice<UInt8>, receivedAt: Int64, into intake: Intake) -> TakenDatagram {
        var events = 0
        NFLOGDatagram.forEachPacket(in: datagram) { message, bytes in
            take(message, in: bytes, receivedAt: receivedAt)
            events += 1
        }
        return TakenDatagram(events: events, readUpTo: receivedAt)
    }

    func overrun(into intake: Intake) {
        sequence.overrun()
        reportLosses(into: intake)
    }

    func turnEnded(_ count: Int, isDrained: Bool, into intake: Intake) {
        if isDrained { reportLosses(into: intake) }
    }

    private func take(_ message: NFLOGMessage, in bytes: UnsafeRawBufferPointer, receivedAt: Int64) {
        if let number = message.sequence { sequence.see(number) }
        // Others' rules may log to this group, too.
        guard let prefix = LegacyTracePrefix(String(decoding: bytes[message.prefix], as: UTF8.self)),
            !message.payload.isEmpty, Int(message.hook) < HookPlan.hooks.count
        else { return }
        let payload = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
        let headers = dissect(
            payload.bytes, linkType: .raw, originalLength: NFLOGSource.originalLength(payload))
        guard
            var event = rules.event(
                prefix, family: payload[0] >> 4 == 6 ? "ip6" : "ip", hook: HookPlan.hooks[Int(message.hook)],
                timeNanoseconds: receivedAt, namespace: namespace, headers: PacketHeadersRecord(headers))
        else { return }
        event.inDevice = rules.index.deviceName(message.inDevice)
        event.outDevice = rules.index.deviceName(message.outDevice)
        event.mark = message.mark
        join.add(event, key: HeaderKey(packet: payload.bytes, linkType: .raw))
    }

    func flush() { try? socket.unbind() }

    func reportLosses(into intake: Intake) {
        intake.loss(
            Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: sequence.take()))
    }

    func close() {
        onClose()
        socket.close()
    }
}
