internal import CNetlink
internal import LinuxSystem
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
    /// NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_DESTROY.
    private static let groups = [1, 3]

    var namespaceName: String? { namespace }
    var socketDescriptor: Int32 { socket.descriptor }

    /// Subscribes, then reads what is there: a flow between the two comes twice rather than never.
    init(namespace: String, file: NetworkNamespaceFile, intake: Intake, warnings: inout [String]) throws {
        self.namespace = namespace
        name = "conntrack \(namespace)"
        let (events, dump) = try file.perform {
            (
                try NetlinkSocket(family: NETLINK_NETFILTER, groups: Self.groups, bufferBytes: 8 << 20),
                try NetlinkSocket(family: NETLINK_NETFILTER)
            )
        }
        socket = events
        do {
            try readPresent(dump, intake: intake, warnings: &warnings)
        } catch let error as SystemError {
            warnings.append("conntrack entries of namespace \(namespace) are unknown: \(error.reason)")
        }
    }

    private func readPresent(_ dump: NetlinkSocket, intake: Intake, warnings: inout [String]) throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // The table is one for all namespaces: a dump goes through the whole of it, however few are this one's.
        try dump.send(ConntrackMessage.countRequest(sequence: 1))
        if case .datagram(let datagram) = dump.receive(into: &buffer, waits: true),
            NetlinkMessage.all(in: datagram).contains(where: { ConntrackMessage.entryCount($0) == 0 })
        {
            return
        }
        try dump.send(ConntrackMessage.dumpRequest(sequence: 2))
        var count = 0
        while true {
            switch dump.receive(into: &buffer, waits: true) {
            case .datagram(let datagram):
                let now = realTimeNanoseconds()
                for message in NetlinkMessage.all(in: datagram) {
                    if message.type == NetlinkMessage.done { return }
                    if message.type == NetlinkMessage.error {
                        throw SystemError("list conntrack entries", errorNumber: message.errorNumber)
                    }
                    guard
                        let event = ConntrackMessage.flowEvent(
                            message, namespace: namespace, timeNanoseconds: now, isDump: true)
                    else { continue }
                    count += 1
                    intake.flow(event)
                }
                if count >= Self.dumpLimit {
                    warnings.append("only \(count) conntrack entries of namespace \(namespace) were read")
                    return
                }
            case .nothing, .overrun: return
            case .failed(let number): throw SystemError("list conntrack entries", errorNumber: number)
            }
        }
    }

    func take(_ datagram: ArraySlice<UInt8>, receivedAt: Int64, into intake: Intake) -> TakenDatagram {
        let messages = NetlinkMessage.all(in: datagram)
        for message in messages {
            if let event = ConntrackMessage.flowEvent(
                message, namespace: namespace, timeNanoseconds: receivedAt, isDump: false)
            {
                intake.flow(event)
            }
        }
        return TakenDatagram(events: messages.count, readUpTo: receivedAt)
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
