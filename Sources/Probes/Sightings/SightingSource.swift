internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
internal import Wire

/// All that the BPF programs see, at hooks and devices of every namespace: one ring, one clock, one order.
///
/// It is read by the clock, a hundred times a second: nothing wakes the reader, which would cost the packets' path more
/// than all else. So what it tells of is up to a hundredth of a second old, well within the merger's hold.
final class SightingSource: ProbeSource {
    let name = Loss.kernelSightings
    let descriptor: Int32

    /// Whether it was asked to see hooks.
    let seesHooks: Bool
    /// Whether it was asked to see devices.
    let seesDevices: Bool

    let probe: SightingProbe
    private let filter: KernelFilter
    private let realTimeOffset: Int64
    /// Nil where drops are not told through this ring.
    let drops: DropReader?
    var hooks: [UInt64: HookPlace] = [:]
    private var devices: [UInt64: DevicePlace] = [:]
    private var lastTime: Int64 = 0
    private var lostBefore: UInt64 = 0
    private var lostDropsBefore: UInt64 = 0
    /// Set while the ring is read.
    private var intake: Intake?
    /// All places, as records are looked up.
    private var places = SightingPlaces()

    struct HookPlace {
        var vantage: VantageID
        var point: HookPoint
        /// Of the program among those of its hook.
        var number: Int
        /// With which the program goes.
        var descriptor: Int32
    }

    private struct DevicePlace {
        var namespace: String
        var comingIn: VantageID
        /// Nil on the loopback device: what goes out there comes in at once.
        var goingOut: VantageID?
        var linkType: LinkType
        var descriptor: Int32
    }

    /// ARPHRD_ETHER and ARPHRD_LOOPBACK: the programs keep the link-layer header of these alone.
    private static let ethernetType: Int32 = 1
    private static let loopbackType: Int32 = 772
    /// Of a namespace with a point at each hook and two devices there are 14, of two families: what comes and goes is built anew.
    func rebuildPlaces() {
        var all: [(key: UInt64, place: SightingPlaces.Place)] = []
        for (key, place) in hooks {
            all.append((SightingPlaces.key(.hook, key), SightingPlaces.Place(vantage: place.vantage, linkType: .raw)))
        }
        for (key, place) in devices {
            all.append(
                (
                    SightingPlaces.key(.comingIn, key),
                    SightingPlaces.Place(vantage: place.comingIn, linkType: place.linkType)
                ))
            guard let goingOut = place.goingOut else { continue }
            all.append(
                (SightingPlaces.key(.goingOut, key), SightingPlaces.Place(vantage: goingOut, linkType: place.linkType)))
        }
        places = SightingPlaces(all)
    }

    /// How often the ring is read, in milliseconds.
    private static let period: Int32 = 10
    /// Records of one turn: of all places together, so more than another source hands over at once.
    private static let turn = 65_536
    /// Two processors write their records a little out of order.
    private static let disorder: Int64 = 1_000_000
    static let families = [(number: Int32(2), name: "IPv4"), (number: Int32(10), name: "IPv6")]

    /// - Parameters:
    ///   - coarse: what of the user's filter the kernel decides.
    ///   - join: finds the packets of drops, where `probe` reports them.
    init(
        _ probe: SightingProbe, filter coarse: CoarseFilter, share: SampleShare, seesHooks: Bool, seesDevices: Bool,
        join: TraceJoin
    ) throws {
        self.probe = probe
        self.seesHooks = seesHooks
        self.seesDevices = seesDevices
        filter = KernelFilter(coarse)
        try probe.set(filter.sampling(share))
        realTimeOffset = realTimeOffsetNanoseconds()
        drops = probe.reportsDrops ? DropReader(probe, join: join, realTimeOffset: realTimeOffset) : nil
        let ticker = packetwalk_ticker(Self.period)
        if ticker < 0 { throw SystemError("make a timer", errorNumber: -ticker) }
        descriptor = highDescriptor(ticker)
    }

    /// Has the programs leave out packets that are not in a share.
    func sample(_ share: SampleShare) throws { try probe.set(filter.sampling(share)) }

    // MARK: Devices

    /// Sees packets at devices of one namespace.
    ///
    /// - Returns: what became of each request, in their order.
    func watch(
        _ requests: [CaptureRequest], in file: NetworkNamespaceFile, intake: Intake
    ) throws -> [Result<Void, any Error>] {
        let probe = probe
        let inode = file.inode
        let attached = try file.perform {
            requests.map { request in
                Result { () throws -> (type: Int32, descriptor: Int32) in
                    let type = packetwalk_device_type(request.index)
                    if type < 0 { throw SystemError("watch \(request.device)", errorNumber: -type) }
                    return (type, try probe.watch(request.index, inode: inode, alsoOut: !request.isLoopback))
                }
            }
        }
        defer { rebuildPlaces() }
        return zip(requests, attached).map { request, result in
            result.map { type, descriptor in
                let linkType: LinkType = type == Self.ethernetType || type == Self.loopbackType ? .ethernet : .raw
                func vantage(_ direction: VantagePoint.Direction) -> VantageID {
                    intake.vantage(
                        VantagePoint(
                            namespace: request.namespace, kind: .link, device: request.device, direction: direction,
                            linkType: linkType))
                }
                let key = SightingPlace.key(inode: UInt32(truncatingIfNeeded: inode), request.index)
                if let old = devices[key] { Glibc.close(old.descriptor) }
                devices[key] = DevicePlace(
                    namespace: request.namespace, comingIn: vantage(.in),
                    goingOut: request.isLoopback ? nil : vantage(.out), linkType: linkType, descriptor: descriptor)
            }
        }
    }

    /// Sees no more of a device.
    func unwatch(_ index: UInt32, inode: UInt64) {
        let key = SightingPlace.key(inode: UInt32(truncatingIfNeeded: inode), index)
        guard let place = devices.removeValue(forKey: key) else { return }
        probe.unwatch(index, inode: inode)
        Glibc.close(place.descriptor)
        rebuildPlaces()
    }

    /// Sees no more of a namespace.
    func forget(_ file: NetworkNamespaceFile) {
        let inode = UInt32(truncatingIfNeeded: file.inode)
        for (key, place) in hooks where UInt32(key >> 32) == inode {
            Glibc.close(place.descriptor)
            hooks[key] = nil
        }
        rebuildPlaces()
        for key in devices.keys where UInt32(key >> 32) == inode {
            unwatch(UInt32(truncatingIfNeeded: key), inode: file.inode)
        }
    }

    // MARK: Reading

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        self.intake = intake
        defer { self.intake = nil }
        let turn = max(limit, Self.turn)
        let count = probe.consume(
            limit: turn,
            { context, record, size in
                guard let context, let record else { return }
                Unmanaged<SightingSource>.fromOpaque(context).takeUnretainedValue()
                    .take(UnsafeRawBufferPointer(start: record, count: size))
            }, Unmanaged.passUnretained(self).toOpaque())
        // While there is more the timer stays as it is: the next turn comes at once.
        if count >= turn { return .more(readUpTo: lastTime - Self.disorder) }
        var ticks: UInt64 = 0
        _ = Glibc.read(descriptor, &ticks, MemoryLayout<UInt64>.size)
        return .drained
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard let intake else { return }
        if SightingRecord.kind(bytes) == .drop {
            drops?.take(bytes, into: intake)
            return
        }
        guard let record = SightingRecord(bytes) else { return }
        let time = Int64(record.timeNanoseconds) &+ realTimeOffset
        lastTime = time
        guard let place = places.find(SightingPlaces.key(record.kind, record.place)), !record.bytes.isEmpty else {
            return
        }
        if record.kind == .hook {
            let length = NFLOGSource.originalLength(record.bytes)
            var observation = Observation(
                timeNanoseconds: time, vantage: place.vantage, clock: .passage,
                headers: dissect(record.bytes.bytes, linkType: .raw, originalLength: length))
            observation.inDevice = record.inDevice
            observation.outDevice = record.outDevice
            observation.physicalInDevice = record.physicalInDevice
            observation.physicalOutDevice = record.physicalOutDevice
            observation.mark = record.mark
            observation.originalLength = UInt32(clamping: length)
            observation.kernelIdentity = record.packet
            intake.packet(observation, bytes: record.bytes, rank: Self.rank)
        } else if record.vlanProtocol != 0, place.linkType == .ethernet, record.bytes.count >= 12 {
            Self.tagged(record).withUnsafeBytes {
                add(record, bytes: $0, length: record.length + 4, at: place, time, to: intake)
            }
        } else {
            add(record, bytes: record.bytes, length: record.length, at: place, time, to: intake)
        }
    }

    private func add(
        _ record: SightingRecord, bytes: UnsafeRawBufferPointer, length: UInt32, at place: SightingPlaces.Place,
        _ time: Int64, to intake: Intake
    ) {
        var observation = Observation(
            timeNanoseconds: time, vantage: place.vantage, clock: .passage,
            headers: dissect(bytes.bytes, linkType: place.linkType, originalLength: Int(length)))
        observation.originalLength = length
        observation.kernelIdentity = record.packet
        intake.packet(observation, bytes: bytes, rank: Self.rank)
    }

    /// The frame with the VLAN tag where it was on the wire, as libpcap gives it.
    private static func tagged(_ record: SightingRecord) -> [UInt8] {
        var frame = Array(record.bytes[..<12])
        for word in [record.vlanProtocol, record.vlanTag] { frame += [UInt8(word >> 8), UInt8(word & 0xff)] }
        return frame + record.bytes[12...]
    }

    /// Nanoseconds of one clock seldom are equal; where they are, it was not one packet.
    private static let rank: UInt8 = 64

    func reportLosses(into intake: Intake) {
        let lost = probe.lost
        intake.loss(
            Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: lost - lostBefore))
        lostBefore = lost
        if drops == nil { return }
        let lostDrops = probe.lostDrops
        intake.loss(
            Loss(
                timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: Loss.dropReasons,
                lost: lostDrops - lostDropsBefore))
        lostDropsBefore = lostDrops
    }

    func close() {
        for place in hooks.values { Glibc.close(place.descriptor) }
        for place in devices.values { Glibc.close(place.descriptor) }
        hooks = [:]
        devices = [:]
        Glibc.close(descriptor)
    }
}
