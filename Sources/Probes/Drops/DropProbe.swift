internal import CDropProbe
internal import LinuxSystem

/// Drop reasons by the BPF program on `skb:kfree_skb`, with a ring of its own: where other BPF programs see the packets too the same
/// program is among them (`SightingProbe`).
///
/// Needs root in the machine's first user namespace and a kernel with BTF; where either is missing the initialiser
/// throws, and tracefs (`TracefsDropSource`) or the counters (`ProtocolCounters`) have to do.
public final class DropProbe: DropReporter {
    private let probe: OpaquePointer

    /// Throws `SystemError`: EPERM without the privilege, ENOENT without BTF.
    public init() throws {
        var code: Int32 = 0
        let object = PackageResources.kfree_skb_bpf_o
        let opened = object.withUnsafeBytes { packetwalk_drop_probe_open($0.baseAddress, $0.count, &code) }
        guard let opened else { throw SystemError("load the drop probe", errorNumber: -code) }
        probe = opened
    }

    deinit { packetwalk_drop_probe_close(probe) }

    /// Sets which packets' drops are told of: none of IP before.
    func set(_ filter: KernelFilter) throws {
        let code = filter.bytes.withUnsafeBytes { packetwalk_drop_probe_filter(probe, $0.baseAddress) }
        if code < 0 { throw SystemError("set the filter of the drop probe", errorNumber: -code) }
    }

    func report(dropsIn inode: UInt32, _ reports: Bool) throws {
        let code = packetwalk_drop_probe_watch(probe, inode, reports ? 1 : 0)
        if code < 0 { throw SystemError("watch a namespace's drops", errorNumber: -code) }
    }

    /// Hands waiting records to `take`.
    func consume(
        _ take: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Void,
        _ context: UnsafeMutableRawPointer
    ) {
        _ = packetwalk_drop_probe_consume(probe, take, context)
    }

    /// Records that found the ring full, since the program was loaded.
    var lost: UInt64 { packetwalk_drop_probe_lost(probe) }
}
