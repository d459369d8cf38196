internal import CDropProbe
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations

/// The BPF programs that see packets at netfilter hooks and devices, and the ring that they write to.
///
/// Needs root in the machine's first user namespace and a kernel with BTF: Linux 6.4 for hooks, 6.12 for devices. What is
/// attached goes with its descriptor, so that nothing is left after `kill -9`.
final class SightingProbe: DropReporter, @unchecked Sendable {
    // The pointer is read by the threads that attach, each in a namespace of its own, and used by the reader thread alone
    // for everything else.
    private let probe: OpaquePointer

    /// Of one hook, how many points can be seen.
    let hookPoints: Int
    /// Whether the packets that the kernel drops are told of too, through the same ring.
    let reportsDrops: Bool

    /// Bytes of records that wait in the kernel.
    private static let ringBytes: UInt32 = 64 << 20
    /// The points that one hook can have.
    static let pointLimit = Int(PACKETWALK_HOOK_POINTS)

    /// Loads them. Throws `SystemError`: EPERM without the privilege, EINVAL where the kernel lacks what they need, ENOENT
    /// without BTF.
    ///
    /// - Parameter hookPoints: the points of the hook that has most of them; 0 where hooks are not to be seen.
    init(hookPoints: Int, seesDevices: Bool, reportsDrops: Bool = false) throws {
        self.hookPoints = min(hookPoints, Self.pointLimit)
        self.reportsDrops = reportsDrops
        var code: Int32 = 0
        let object = PackageResources.sighting_bpf_o
        let opened = object.withUnsafeBytes {
            packetwalk_sighting_probe_open(
                $0.baseAddress, $0.count, UInt32(min(hookPoints, Self.pointLimit)), seesDevices ? 1 : 0,
                reportsDrops ? 1 : 0, Self.ringBytes, &code)
        }
        guard let opened else { throw SystemError("load the BPF programs that see packets", errorNumber: -code) }
        probe = opened
    }

    deinit { packetwalk_sighting_probe_close(probe) }

    /// Sets which packets are seen: none before.
    func set(_ filter: KernelFilter) throws {
        let code = filter.bytes.withUnsafeBytes { packetwalk_sighting_probe_filter(probe, $0.baseAddress) }
        if code < 0 { throw SystemError("set the filter of the BPF programs", errorNumber: -code) }
    }

    /// Sees the packets of one family at one point of the calling thread's network namespace, as near to its priority as
    /// nothing else stands.
    ///
    /// - Returns: a descriptor, with which the program goes; nil where the kernel does not have the family.
    func attach(_ point: HookPoint, number: Int, family: Int32) throws -> Int32? {
        guard let hook = HookPlan.hooks.firstIndex(of: point.hook).map({ Self.hookNumbers[$0] }) else { return nil }
        var code: Int32 = 0
        for priority in Self.priorities(near: point) {
            code = packetwalk_sighting_probe_attach_hook(
                probe, UInt32(number), UInt32(family), hook, Int32(priority))
            if code >= 0 { return highDescriptor(code) }
            if code == -EAFNOSUPPORT || code == -EOPNOTSUPP { return nil }
            if code != -EBUSY { break }
        }
        throw SystemError("attach a BPF program at \(point)", errorNumber: -code)
    }

    /// Sees what comes in by a device of the calling thread's network namespace, and what goes out there if `alsoOut`.
    ///
    /// - Parameter inode: of that namespace.
    /// - Returns: a descriptor, with which what comes in is no longer seen.
    func watch(_ index: UInt32, inode: UInt64, alsoOut: Bool) throws -> Int32 {
        let ingress = packetwalk_sighting_probe_attach_ingress(probe, index)
        if ingress < 0 { throw SystemError("attach a BPF program to a device", errorNumber: -ingress) }
        if alsoOut {
            let code = packetwalk_sighting_probe_watch(probe, UInt32(truncatingIfNeeded: inode), index, 1)
            if code < 0 {
                close(ingress)
                throw SystemError("watch a device with BPF", errorNumber: -code)
            }
        }
        return highDescriptor(ingress)
    }

    /// Sees no more what goes out by a device.
    func unwatch(_ index: UInt32, inode: UInt64) {
        _ = packetwalk_sighting_probe_watch(probe, UInt32(truncatingIfNeeded: inode), index, 0)
    }

    func report(dropsIn inode: UInt32, _ reports: Bool) throws {
        let code = packetwalk_sighting_probe_watch_drops(probe, inode, reports ? 1 : 0)
        if code < 0 { throw SystemError("watch a namespace's drops", errorNumber: -code) }
    }

    /// Hands waiting records to `take`, at most `limit`. Gives their number.
    func consume(
        limit: Int, _ take: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Void,
        _ context: UnsafeMutableRawPointer
    ) -> Int {
        Int(packetwalk_sighting_probe_consume(probe, Int32(clamping: limit), take, context))
    }

    /// Shows a frame to the program of what comes in by a device, as if it came in by the loopback device. For tests.
    func show(_ frame: [UInt8]) throws {
        let code = frame.withUnsafeBytes { packetwalk_sighting_probe_try(probe, $0.baseAddress, $0.count) }
        if code < 0 { throw SystemError("show a frame to a BPF program", errorNumber: -code) }
    }

    /// Sightings that found the ring full, since the programs were loaded.
    var lost: UInt64 { packetwalk_sighting_probe_lost(probe) }
    /// Drops that did.
    var lostDrops: UInt64 { packetwalk_sighting_probe_lost_drops(probe) }

    /// NF_INET_… (include/uapi/linux/netfilter.h), in the order of `HookPlan.hooks`.
    static let hookNumbers: [UInt32] = [0, 1, 2, 3, 4]

    /// Where a point may stand, the best first. The kernel has no BPF program stand at a priority that something else has:
    /// further out is the same side of the stage. No nearer to the beginning than the reassembly of fragments.
    static func priorities(near point: HookPoint) -> [Int] {
        let step = point.edge == .before ? -1 : 1
        let outwards = (0..<16).map { point.priority + $0 * step }
        let hasFloor = point.edge == .before && (point.hook == .prerouting || point.hook == .output)
        return hasFloor ? outwards.filter { $0 >= -399 } + (1..<16).map { point.priority + $0 } : outwards
    }
}
