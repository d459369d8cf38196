internal import CDropProbe
internal import LinuxSystem
internal import Network
internal import Observations
internal import Wire

/// A BPF program that tells of the packets that the kernel drops.
protocol DropReporter: AnyObject {
    /// Whether drops in the namespace of an inode are told of; none are before. Needs the privileges by which it was loaded.
    func report(dropsIn inode: UInt32, _ reports: Bool) throws
}

/// Makes events of the records of the BPF program that reports drops, whichever ring they came through.
final class DropReader {
    private let reporter: any DropReporter
    private let join: TraceJoin
    private let reasons: [UInt32: DropReason]
    private let realTimeOffset: Int64
    /// By inode.
    private var namespaces: [UInt32: String] = [:]

    /// - Parameters:
    ///   - reporter: whose records they are.
    ///   - join: finds the packet of a drop whose payload could not be read.
    ///   - realTimeOffset: of the clock of all events from that of the records.
    init(_ reporter: any DropReporter, join: TraceJoin, realTimeOffset: Int64 = realTimeOffsetNanoseconds()) {
        self.reporter = reporter
        self.join = join
        self.realTimeOffset = realTimeOffset
        reasons = Self.reasonNames()
    }

    /// Tells drops in a namespace from now on.
    func watch(_ name: String, inode: UInt64) throws {
        let inode = UInt32(truncatingIfNeeded: inode)
        try reporter.report(dropsIn: inode, true)
        namespaces[inode] = name
        join.watch(name)
    }

    func forget(inode: UInt64) throws {
        let inode = UInt32(truncatingIfNeeded: inode)
        namespaces[inode] = nil
        try reporter.report(dropsIn: inode, false)
    }

    func take(_ bytes: UnsafeRawBufferPointer, into intake: Intake) {
        guard let record = DropRecord(bytes.bytes), let drop = event(for: record) else { return }
        // What number a packet has of which no more than its headers could be read shows where it was seen.
        let isNumbered = record.keyOfUnread == nil || record.headers.ipProtocol == .tcp
        if isNumbered, !intake.sampler.takes(record.sampleNumber) { return }
        if let key = record.keyOfUnread, join.add(drop, key: key) { return }
        intake.event(.drop(drop), timeNanoseconds: drop.timeNanoseconds)
    }

    /// Nil where the namespace is not watched.
    private func event(for record: DropRecord) -> DropEvent? {
        let namespace = record.namespaceInode == 0 ? nil : namespaces[record.namespaceInode]
        if record.namespaceInode != 0, namespace == nil { return nil }
        return DropEvent(
            timeNanoseconds: Int64(record.timeNanoseconds) + realTimeOffset, namespace: namespace,
            device: record.device.isEmpty ? nil : record.device,
            reason: reasons[record.reason] ?? DropReason(rawValue: "reason \(record.reason)"),
            location: record.location.isEmpty ? nil : record.location,
            headers: PacketHeadersRecord(record.headers))
    }

    /// `enum skb_drop_reason` of the running kernel, without the members' common prefix.
    private static func reasonNames() -> [UInt32: DropReason] {
        final class Names { var byValue: [UInt32: DropReason] = [:] }
        let names = Names()
        _ = packetwalk_drop_reasons(
            { context, value, name in
                guard let context, let name else { return }
                let text = String(cString: name)
                let prefix = "SKB_DROP_REASON_"
                Unmanaged<Names>.fromOpaque(context).takeUnretainedValue().byValue[value] = DropReason(
                    rawValue: text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
            }, Unmanaged.passUnretained(names).toOpaque())
        return names.byValue
    }
}
