internal import CPcap
internal import LinuxSystem
internal import Observations
internal import Wire

/// The capture of one link in one direction.
///
/// A packet that a device sends out and one that it takes in are two vantage points, so each link has two captures.
/// The loopback device has one, `in`: what goes out there comes in at once, and libpcap discards the outgoing sight.
final class LinkCapture: ProbeSource {
    let name: String
    let namespace: String
    let device: String
    let index: UInt32
    let vantage: VantageID
    let handle: CaptureHandle
    let bufferBytes: Int
    private let rank: UInt8
    private var reportedDrops: UInt32 = 0
    private weak var intake: Intake?
    private var lastTime: Int64 = 0

    var namespaceName: String? { namespace }
    var descriptor: Int32 { handle.descriptor }

    /// The kernel stamps an incoming packet once, so that a port and its bridge show one time: the port's sight goes
    /// first.
    init(
        _ handle: CaptureHandle, of request: CaptureRequest, direction: CaptureHandle.Direction, bufferBytes: Int,
        intake: Intake
    ) {
        self.handle = handle
        self.bufferBytes = bufferBytes
        namespace = request.namespace
        device = request.device
        index = request.index
        let end: VantagePoint.Direction = direction == .inbound ? .in : .out
        name = "pcap \(request.namespace):\(request.device) \(end.rawValue)"
        rank = request.isMaster && end == .in ? 65 : 64
        vantage = intake.vantage(
            VantagePoint(
                namespace: request.namespace, kind: .link, device: request.device, direction: end,
                linkType: handle.linkType))
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        guard let pointer = handle.pointer else { return .ended }
        self.intake = intake
        let context = Unmanaged.passUnretained(self).toOpaque()
        // The callback runs before the frame goes back to the kernel, which pcap_next_ex does not promise.
        let count = pcap_dispatch(
            pointer, Int32(limit),
            { context, header, bytes in
                guard let context, let header, let bytes else { return }
                Unmanaged<LinkCapture>.fromOpaque(context).takeUnretainedValue().take(header.pointee, bytes)
            }, context.assumingMemoryBound(to: UInt8.self))
        if count >= limit { return .more(readUpTo: lastTime) }
        if count >= 0 { return .drained }
        // "The interface went down" passes when it comes up again: the socket stays bound. One that was removed does
        // not, and its removal is told by rtnetlink too.
        let message = String(cString: pcap_geterr(pointer))
        return message.contains("went down") ? .drained : .ended
    }

    private func take(_ header: pcap_pkthdr, _ start: UnsafePointer<UInt8>) {
        guard let intake else { return }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(header.caplen))
        // With nanosecond precision asked for, tv_usec holds nanoseconds.
        lastTime = Int64(header.ts.tv_sec) * 1_000_000_000 + Int64(header.ts.tv_usec)
        if intake.isTooOld(lastTime) { return }
        var observation = Observation(
            timeNanoseconds: lastTime, vantage: vantage, clock: .passage,
            headers: dissect(bytes.bytes, linkType: handle.linkType, originalLength: Int(header.len)))
        observation.originalLength = header.len
        intake.packet(observation, bytes: bytes, rank: rank)
    }

    func reportLosses(into intake: Intake) {
        guard let pointer = handle.pointer else { return }
        var statistics = pcap_stat()
        guard pcap_stats(pointer, &statistics) == 0 else { return }
        let lost = statistics.ps_drop &- reportedDrops
        reportedDrops = statistics.ps_drop
        intake.loss(
            Loss(timeNanoseconds: realTimeNanoseconds(), vantage: vantage, source: name, lost: UInt64(lost)))
    }

    func sample(_ share: SampleShare) throws { try handle.sample(share) }

    func close() { handle.close() }
}
