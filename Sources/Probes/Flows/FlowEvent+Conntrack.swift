internal import Netlink
internal import Observations

extension FlowEvent {
    /// What a message of ctnetlink speaks of; nil for another one.
    ///
    /// - Parameter isDump: whether it answers a question: then the entry was there before.
    init?(_ message: NetlinkMessage, namespace: String, timeNanoseconds: Int64, isDump: Bool) {
        guard let entry = ConntrackMessage(message) else { return nil }
        self.init(entry, namespace: namespace, timeNanoseconds: timeNanoseconds, isDump: isDump)
    }

    init(_ entry: ConntrackMessage, namespace: String, timeNanoseconds: Int64, isDump: Bool) {
        let change: Change =
            switch entry.change {
            case .destroyed: .destroy
            case .new: isDump ? .present : .new
            case .present: isDump ? .present : .update
            }
        self.init(
            timeNanoseconds: timeNanoseconds, namespace: namespace, change: change,
            original: FlowTuple(entry.original), reply: FlowTuple(entry.reply), mark: entry.mark, zone: entry.zone,
            status: entry.status)
    }
}

extension FlowTuple {
    init(_ tuple: ConntrackMessage.Tuple) {
        self.init(
            source: tuple.source, destination: tuple.destination,
            sourcePort: tuple.icmpIdentifier ?? tuple.sourcePort ?? 0,
            destinationPort: tuple.icmpIdentifier ?? tuple.destinationPort ?? 0, ipProtocol: tuple.ipProtocol)
    }
}
