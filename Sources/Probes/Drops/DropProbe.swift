internal import CDropProbe
internal import LinuxSystem
internal import Observations
internal import Wire

/// Drop reasons by the BPF program on `skb:kfree_skb`. Sees every namespace of the machine at once.
///
/// Needs root in the machine's first user namespace and a kernel with BTF; where either is missing the initialiser
/// throws, and tracefs (`TracefsDropSource`) or the counters (`ProtocolCounters`) have to do.
public final class DropProbe {
    private let probe: OpaquePointer
    private let reasons: [UInt32: DropReason]
    private let monotonicToRealtime: Int64
    private var lostBefore: UInt64 = 0
    private var waiting: [DropRecord] = []

    /// Throws `SystemError`: EPERM without the privilege, ENOENT without BTF.
    public init() throws {
        var code: Int32 = 0
        let object = PackageResources.kfree_skb_bpf_o
        let opened = object.withUnsafeBytes { packetwalk_drop_probe_open($0.baseAddress, $0.count, &code) }
        guard let opened else { throw SystemError("load the drop probe", errorNumber: -code) }
        probe = opened
        reasons = Self.reasonNames()
        monotonicToRealtime = realTimeOffsetNanoseconds()
    }

    deinit { packetwalk_drop_probe_close(probe) }

    /// The drops since the last call. `namespaceName` gives the name for an inode, nil for a namespace not watched.
    ///
    /// - Parameter take: is given each drop, with its record.
    func read(namespaceName: (UInt64) -> String?, take: (DropEvent, DropRecord) -> Void) -> Loss? {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = packetwalk_drop_probe_consume(
            probe,
            { context, bytes, count in
                guard let context, let bytes else { return }
                let probe = Unmanaged<DropProbe>.fromOpaque(context).takeUnretainedValue()
                let span = UnsafeRawBufferPointer(start: bytes, count: count).bytes
                if let record = DropRecord(span) { probe.waiting.append(record) }
            }, context)
        defer { waiting.removeAll(keepingCapacity: true) }
        for record in waiting {
            if let event = event(for: record, namespaceName: namespaceName) { take(event, record) }
        }
        let lost = packetwalk_drop_probe_lost(probe)
        guard lost > lostBefore else { return nil }
        defer { lostBefore = lost }
        return Loss(
            timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: Loss.dropReasons, lost: lost - lostBefore)
    }

    private func event(for record: DropRecord, namespaceName: (UInt64) -> String?) -> DropEvent? {
        let namespace = record.namespaceInode == 0 ? nil : namespaceName(UInt64(record.namespaceInode))
        if record.namespaceInode != 0, namespace == nil { return nil }
        return DropEvent(
            timeNanoseconds: Int64(record.timeNanoseconds) + monotonicToRealtime, namespace: namespace,
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
