internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
internal import Wire

/// Reads the NFLOG messages of one namespace's hooks.
final class NFLOGSource: DatagramReader {
    let name: String
    let namespace: String
    var namespaceName: String? { namespace }
    var socketDescriptor: Int32 { socket.descriptor }

    private let socket: NFLOGSocket
    private let hooks: any LaidHooks
    private let arming: ArmingThread
    private var vantages: [Vantage] = []
    private var sequence = SequenceCounter()
    private var rate = RateGauge()
    private var batching = NFLOGSocket.Batching.immediate
    private var isClosed = false

    struct Vantage {
        var number: VantageID
        /// Place in the packet's path through the hooks: decides between sightings that bear one arrival time.
        var rank: UInt8
    }

    /// - Parameters:
    ///   - hooks: removed when the source is closed, before the group is let go.
    ///   - arming: asks of the kernel what it does for the privileged alone.
    init(namespace: String, socket: NFLOGSocket, hooks: any LaidHooks, arming: ArmingThread, intake: Intake) {
        name = "nflog \(namespace)"
        self.namespace = namespace
        self.socket = socket
        self.hooks = hooks
        self.arming = arming
        numberPoints(intake)
    }

    private func numberPoints(_ intake: Intake) {
        vantages = hooks.points.map { point in
            Vantage(number: intake.vantage(point.vantage(namespace: namespace)), rank: point.rank)
        }
    }

    // MARK: Changes

    func enclose(_ namespace: Namespace, into intake: Intake) throws {
        guard try hooks.enclose(namespace.netfilter.chains, share: intake.sampler.share) else { return }
        numberPoints(intake)
        missed(into: intake)
    }

    func layAgain(into intake: Intake) throws -> Bool {
        guard try hooks.layAgain() else { return false }
        missed(into: intake)
        return true
    }

    /// Packets that passed meanwhile may lack sightings here.
    private func missed(into intake: Intake) {
        intake.loss(Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: 1))
    }

    // MARK: Reading

    /// Begins the prefixes of this run's rules, so that no rule of somebody else's that logs to the same group is taken
    /// for a sighting.
    static let prefixStart = "pw\(getpid()):"
    private static let prefixStartBytes = Array(prefixStart.utf8)

    func take(_ datagram: ArraySlice<UInt8>, receivedAt: Int64, into intake: Intake) -> TakenDatagram {
        var taken = TakenDatagram(events: 0)
        NFLOGDatagram.forEachPacket(in: datagram) { message, bytes in
            // What bears no time but that of its reception says nothing of those that still wait.
            let time = take(message, in: bytes, receivedAt: receivedAt, into: intake)
            if message.timestampNanoseconds != nil { taken.readUpTo = time }
            taken.events += 1
        }
        return taken
    }

    func arrival(in datagram: ArraySlice<UInt8>) -> Int64? {
        var arrival: Int64?
        NFLOGDatagram.forEachPacket(in: datagram) { message, _ in arrival = arrival ?? Self.arrival(of: message) }
        return arrival
    }

    func overrun(into intake: Intake) { sequence.overrun() }

    func turnEnded(_ count: Int, isDrained: Bool, into intake: Intake) {
        adapt(count)
        // At once: the walks that a loss concerns may end before the next count is asked for.
        reportLosses(into: intake)
    }

    /// Gives the packet's time.
    private func take(
        _ message: NFLOGMessage, in bytes: UnsafeRawBufferPointer, receivedAt: Int64, into intake: Intake
    ) -> Int64 {
        if let number = message.sequence { sequence.see(number) }
        let time = Self.time(of: message, readAt: receivedAt)
        guard let point = Self.pointNumber(bytes[message.prefix]), point < vantages.count,
            !message.payload.isEmpty
        else { return time }
        if intake.isTooOld(time) { return time }
        let vantage = vantages[point]
        let payload = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
        let length = Self.originalLength(payload)
        var observation = Observation(
            timeNanoseconds: time, vantage: vantage.number,
            clock: message.timestampNanoseconds == nil ? .reading : .arrival,
            headers: dissect(payload.bytes, linkType: .raw, originalLength: length))
        observation.inDevice = message.inDevice
        observation.outDevice = message.outDevice
        observation.physicalInDevice = message.physicalInDevice
        observation.physicalOutDevice = message.physicalOutDevice
        observation.mark = message.mark
        observation.sourceSequence = message.sequence ?? 0
        observation.originalLength = UInt32(clamping: length)
        intake.packet(observation, bytes: payload, rank: vantage.rank)
        return time
    }

    /// When the packet arrived, or where that is not said, when it was read.
    static func time(of message: NFLOGMessage, readAt now: Int64) -> Int64 {
        arrival(of: message).map { min(now, $0) } ?? now
    }

    /// When the packet arrived, in nanoseconds since 1970. The kernel cuts the time down to microseconds, while the
    /// link's capture keeps its nanoseconds: the end of the microsecond, so that no packet seems to pass a hook before
    /// it came in.
    private static func arrival(of message: NFLOGMessage) -> Int64? { message.timestampNanoseconds.map { $0 + 999 } }

    /// The number behind `prefixStart`; nil for a prefix that is not ours.
    static func pointNumber(_ prefix: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard prefix.starts(with: prefixStartBytes) else { return nil }
        let digits = prefix.dropFirst(prefixStartBytes.count)
        guard (1...4).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }

    /// The packet's own length, which its IP header tells; NFLOG does not. Of a TCP packet that is too long for its
    /// header's field (`iph_set_totlen`; BIG TCP, or what lo takes before it is cut) it is the least that it can be.
    static func originalLength(_ packet: UnsafeRawBufferPointer) -> Int {
        guard packet.count >= 6 else { return packet.count }
        var told: Int
        switch packet[0] >> 4 {
        case 4:
            told = Int(packet[2]) << 8 | Int(packet[3])
            if told == 0, packet.count >= 20, packet[9] == 6 { told = Int(UInt16.max) + 1 }
        case 6:
            told = Int(packet[4]) << 8 | Int(packet[5])
            told = 40 + (told == 0 && packet.count > 40 && packet[6] == 6 ? Int(UInt16.max) + 1 : told)
        default: told = 0
        }
        return max(told, packet.count)
    }

    /// Gathers messages while they come by the thousand, and has each at once when they do not.
    private func adapt(_ count: Int) {
        guard let perSecond = rate.add(count, at: monotonicNanoseconds()) else { return }
        let wanted = batching.following(perSecond: perSecond)
        if wanted != batching, (try? arming.perform { try socket.gather(wanted) }) != nil { batching = wanted }
    }

    func sample(_ share: SampleShare) throws { try hooks.sample(share) }

    func flush() {
        try? socket.unbind()
    }

    func reportLosses(into intake: Intake) {
        let lost = sequence.take()
        if lost > 0 {
            intake.loss(Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: lost))
        }
    }

    func close() {
        if isClosed { return }
        isClosed = true
        hooks.remove()
        socket.close()
    }
}

/// Events per second, over spans of a tenth of a second or more.
struct RateGauge {
    private var count = 0
    private var since: Int64 = 0

    /// The rate, each time that a span has ended.
    mutating func add(_ events: Int, at nanoseconds: Int64) -> Int? {
        count += events
        if since == 0 {
            since = nanoseconds
            return nil
        }
        let span = nanoseconds - since
        guard span >= 100_000_000 else { return nil }
        defer {
            count = 0
            since = nanoseconds
        }
        return Int(Double(count) / Double(span) * 1e9)
    }
}
