internal import CNetlink
internal import LinuxSystem
internal import Netlink
internal import Observations

/// Conntrack entries of one namespace: those there are when the run begins, and each that is made or ends.
///
/// To subscribe makes the kernel write events (`net.netfilter.nf_conntrack_events` 2 asks for listeners) but registers
/// no hook: a namespace whose rules want no conntrack goes on without it. NEW comes when the first packet of a flow
/// has left its last hook (`nf_conntrack_confirm`), so behind some of that packet's own sightings. UPDATE is not asked
/// for: it comes several times for each TCP connection and never changes a tuple.
final class ConntrackSource: DatagramReader {
    let name: String
    private let namespace: String
    private let socket: NetlinkSocket
    private var overruns: UInt64 = 0
    private var reportedOverruns: UInt64 = 0

    /// Entries taken over at the beginning, at most.
    private static let dumpLimit = 100_000
    private static let groups = [Int(NFNLGRP_CONNTRACK_NEW.rawValue), Int(NFNLGRP_CONNTRACK_DESTROY.rawValue)]

    var namespaceName: String? { namespace }
    var socketDescriptor: Int32 { socket.descriptor }

    /// Subscribes, then reads what is there: a flow between the two comes twice rather than never.
    init(namespace: String, file: NetworkNamespaceFile, intake: Intake, warnings: inout [String]) throws {
        self.namespace = namespace
        name = Loss.connectionsPrefix + namespace
        let (events, questions) = try file.perform {
            (
                try NetlinkSocket(.netfilter, groups: Self.groups, bufferBytes: 8 << 20),
                try NetlinkSocket(.netfilter)
            )
        }
        socket = events
        do {
            try readPresent(NetlinkConversation(questions), intake: intake, warnings: &warnings)
        } catch let error as SystemError {
            warnings.append("conntrack entries of namespace \(namespace) are unknown: \(error.reason)")
        }
    }

    private func readPresent(
        _ conversation: NetlinkConversation, intake: Intake, warnings: inout [String]
    ) throws {
        var conversation = conversation
        let entries = try conversation.conntrackEntries(limit: Self.dumpLimit) {
            FlowEvent($0, namespace: namespace, timeNanoseconds: realTimeNanoseconds(), isDump: true)
        }
        for entry in entries { intake.flow(entry) }
        if entries.count >= Self.dumpLimit {
            warnings.append("only \(entries.count) conntrack entries of namespace \(namespace) were read")
        }
    }

    func take(_ datagram: ArraySlice<UInt8>, receivedAt: Int64, into intake: Intake) -> TakenDatagram {
        var count = 0
        for message in NetlinkMessages(datagram) {
            count += 1
            if let event = FlowEvent(message, namespace: namespace, timeNanoseconds: receivedAt, isDump: false) {
                intake.flow(event)
            }
        }
        return TakenDatagram(events: count, readUpTo: receivedAt)
    }

    func overrun(into intake: Intake) { overruns += 1 }

    /// The kernel tells that it lost events, not how many: each overrun counts as one.
    func reportLosses(into intake: Intake) {
        intake.loss(
            Loss(
                timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name,
                lost: overruns - reportedOverruns))
        reportedOverruns = overruns
    }
}
