internal import FoundationEssentials
internal import Glibc
public import Observations
internal import Network
internal import Wire

/// Writes events into pcapng, exactly in the order in which they come.
///
/// ```swift
/// let writer = try RecordingWriter(path: "trace.pcapng")
/// try writer.write(batch)
/// try writer.close()
/// ```
///
/// Packets are enhanced packet blocks that every reader of pcapng understands, each at the interface block of its
/// vantage point; everything else stands between them in blocks that they skip. Each batch is handed to the kernel whole before
/// `write` returns, so a recording cut off by whatever means is readable up to there.
///
/// Cost: a packet is dissected once, to see whether its bytes alone give back what was observed; no allocation for one
/// whose bytes do.
public final class RecordingWriter {
    public let path: String
    public let options: RecordingOptions

    private var file: RecordingFile
    private var buffer = BlockBuffer()
    private let encoder: JSONEncoder
    private let run: String
    private var fileNumber = 1
    private var fileStartNanoseconds: Int64?
    private var latestNanoseconds: Int64 = .min
    /// What the current file of the ring began with.
    private var headBytes = 0
    private var anonymizer: Anonymizer?

    // What a new file of the ring repeats.
    private var networks = NetworkHistory()
    private var latestSampling: [UInt8]?
    private var points: [(id: UInt32, point: VantagePoint)] = []
    private var openFlows: [FlowKey: FlowEvent] = [:]

    // The section's interface blocks.
    private var interfaces = InterfaceTable()
    private var described: [VantagePoint: UInt32] = [:]
    private var undeclared: [UInt32: UInt32] = [:]
    private var lost: [UInt32: UInt64] = [:]

    private var comments = PacketComments()

    private struct FlowKey: Hashable {
        var namespace: String
        var original: FlowTuple
        var zone: UInt16
    }

    /// Conntrack entries that a ring repeats at the head of each file, at most.
    private static let openFlowLimit = 1 << 18
    private static let flushBytes = 1 << 16

    /// Creates the file, or the first one of the ring, and writes its header. `-` is standard output.
    public init(path: String, options: RecordingOptions = RecordingOptions()) throws {
        self.path = path
        self.options = options
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var random = SystemRandomNumberGenerator()
        let number = random.next()
        run =
            String(repeating: "0", count: number.leadingZeroBitCount / 4)
            + (number == 0 ? "" : String(number, radix: 16))
        if options.anonymizes { anonymizer = Anonymizer(key: (random.next(), random.next())) }
        let first = options.ring?.path(path, file: 1) ?? path
        file = try RecordingFile(path: first)
        try writeSectionHeader()
        try flush()
    }

    /// Writes all events of a batch and hands them to the kernel.
    public func write(_ batch: borrowing EventBatch) throws {
        comments.look(ahead: batch.events) { interfaces.point($0) }
        try batch.bytes.withUnsafeBytes { bytes in
            for (index, event) in batch.events.enumerated() {
                if case .packet(let observation) = event {
                    let start = min(Int(observation.bytesOffset), bytes.count)
                    let end = min(start + Int(observation.bytesCount), bytes.count)
                    try write(
                        observation, UnsafeRawBufferPointer(rebasing: bytes[start..<end]),
                        comments: comments.take(index))
                } else {
                    try writeRecord(event)
                }
                if buffer.bytes.count > Self.flushBytes { try flush() }
            }
        }
        try flush()
    }

    /// Writes one observation with its packet's bytes; they reach the kernel with the next batch, or by `flush`.
    public func write(_ observation: Observation, bytes: RawSpan) throws {
        try bytes.withUnsafeBytes { try write(observation, $0, comments: []) }
        if buffer.bytes.count > Self.flushBytes { try flush() }
    }

    /// Writes one event other than a packet; it reaches the kernel with the next batch, or by `flush`.
    public func write(_ event: Event) throws {
        if case .packet(let observation) = event {
            try write(observation, UnsafeRawBufferPointer(start: nil, count: 0), comments: [])
        } else {
            try writeRecord(event)
        }
        if buffer.bytes.count > Self.flushBytes { try flush() }
    }

    /// Hands to the kernel what waits.
    public func flush() throws {
        guard !buffer.bytes.isEmpty else { return }
        try file.write(buffer.bytes)
        buffer.removeAll()
    }

    /// Writes the interfaces' final statistics. Without it the recording lacks nothing else.
    public func close() throws {
        for interface in lost.keys.sorted() { writeStatistics(interface) }
        try flush()
    }

    // MARK: Packets

    private func write(_ observation: Observation, _ bytes: UnsafeRawBufferPointer, comments: [String]) throws {
        try turnRing(observation.timeNanoseconds)
        let point = interfaces.point(observation.vantage.rawValue)
        let interface =
            point == nil
            ? undeclaredInterface(observation.vantage.rawValue) : interfaces.interface(observation.vantage.rawValue)
        let linkType = point?.linkType ?? Self.unknownLinkType
        let originalLength = max(Int(observation.originalLength), bytes.count)

        var told = observation
        var kept = bytes
        var rewritten: [UInt8] = []
        if anonymizer != nil {
            anonymizer?.anonymize(&told.headers)
            rewritten = anonymizer?.packet(bytes, linkType: linkType, observation.headers) ?? []
        }
        let limit = options.snapLength ?? Int.max
        rewritten.withUnsafeBytes { rewritten in
            if anonymizer != nil { kept = rewritten }
            kept = UnsafeRawBufferPointer(rebasing: kept.prefix(limit))

            var base = Observation(
                timeNanoseconds: observation.timeNanoseconds,
                vantage: VantageID(
                    rawValue: interfaces.vantage(interface, direction: point?.direction) ?? UInt32.max),
                clock: point?.usualClock ?? .passage,
                headers: dissect(kept.bytes, linkType: linkType, originalLength: originalLength))
            base.originalLength = UInt32(truncatingIfNeeded: originalLength)
            var fields = FieldWriter()
            told.code(with: &fields, base: base)

            buffer.packet(
                PacketBlock(
                    interface: interface, timeNanoseconds: observation.timeNanoseconds,
                    originalLength: originalLength, point: point,
                    isIPv6: told.headers.network == .ipv6,
                    comments: comments.map { anonymizer?.anonymize($0) ?? $0 },
                    fields: fields.bytes),
                kept)
        }
    }

    /// Of packets from a vantage point that nobody declared.
    private static let unknownLinkType = LinkType.ethernet

    private func undeclaredInterface(_ vantage: UInt32) -> UInt32 {
        if let known = undeclared[vantage] { return known }
        let interface = writeInterface(name: "undeclared \(vantage)", linkType: Self.unknownLinkType)
        undeclared[vantage] = interface
        return interface
    }

    // MARK: Everything else

    private func writeRecord(_ event: Event) throws {
        switch event {
        case .packet: break
        case .topology(let topology, let time):
            try turnRing(time)
            let json = try json(TopologyRecord(time: time, topology: topology))
            writeNetwork(json)
        case .vantage(let id, let point):
            try turnRing(nil)
            if options.ring != nil {
                points.removeAll { $0.id == id.rawValue }
                points.append((id.rawValue, point))
            }
            try declare(id.rawValue, point, flags: 0)
        case .flow(let flow):
            try turnRing(flow.timeNanoseconds)
            if options.ring != nil { remember(flow) }
            buffer.record(.flow, try json(flow))
        case .route(let route):
            try turnRing(route.timeNanoseconds)
            buffer.record(.route, try json(route))
        case .rule(let rule):
            try turnRing(rule.timeNanoseconds)
            var record = rule
            record.headers.label = label(rule.headers.label)
            buffer.record(.rule, try json(record))
        case .drop(let drop):
            try turnRing(drop.timeNanoseconds)
            var record = drop
            record.headers.label = label(drop.headers.label)
            buffer.record(.drop, try json(record))
        case .sendFailure(let failure):
            try turnRing(failure.timeNanoseconds)
            buffer.record(.sendFailure, try json(failure))
        case .loss(let loss):
            try turnRing(loss.timeNanoseconds)
            buffer.record(.loss, try json(loss))
            if let vantage = loss.vantage?.rawValue, interfaces.point(vantage) != nil {
                let interface = interfaces.interface(vantage)
                lost[interface, default: 0] &+= loss.lost
                writeStatistics(interface)
            }
        case .sampling(let change):
            try turnRing(change.timeNanoseconds)
            let json = try json(change)
            if options.ring != nil { latestSampling = json }
            buffer.record(.sampling, json)
        case .counters(let counters):
            try turnRing(counters.timeNanoseconds)
            buffer.record(.counters, try json(counters))
        case .name:
            // The packet's bytes say it.
            break
        case .watermark(let time):
            try turnRing(time == .max ? nil : time)
            buffer.record(.watermark, withUnsafeBytes(of: time.littleEndian) { Array($0) })
        }
    }

    private func writeNetwork(_ json: [UInt8], flags: UInt16 = 0) {
        let packed = networks.pack(json)
        buffer.record(.topology, flags: flags | packed.flags, packed.payload)
    }

    private func label(_ label: UInt64) -> UInt64 { anonymizer?.anonymize(label: label) ?? label }

    /// Addresses are replaced in the text itself, wherever they stand.
    private func json(_ value: some Encodable) throws -> [UInt8] {
        let data = [UInt8](try encoder.encode(value))
        guard let replaced = anonymizer?.anonymize(String(decoding: data, as: UTF8.self)) else { return data }
        return Array(replaced.utf8)
    }

    private func declare(_ id: UInt32, _ point: VantagePoint, flags: UInt16) throws {
        let place = point.withoutDirection
        let interface = described[place] ?? writeInterface(name: place.interfaceName, linkType: place.recordedLinkType)
        described[place] = interface
        interfaces.declare(id, point, interface: interface)
        buffer.record(.vantage, flags: flags, try json(VantageRecord(id: id, interface: interface, point: point)))
    }

    private func writeInterface(name: String, linkType: LinkType) -> UInt32 {
        let number = UInt32(described.count + undeclared.count)
        buffer.interface(
            name: anonymizer?.anonymize(name) ?? name, linkType: linkType, snapLength: options.snapLength)
        return number
    }

    private func writeStatistics(_ interface: UInt32) {
        let block = buffer.begin(PcapNG.Block.interfaceStatistics)
        buffer.append(interface)
        let time = UInt64(bitPattern: latestNanoseconds == .min ? 0 : latestNanoseconds)
        buffer.append(UInt32(truncatingIfNeeded: time >> 32))
        buffer.append(UInt32(truncatingIfNeeded: time))
        buffer.append(PcapNG.Option.statisticsDropped)
        buffer.append(UInt16(8))
        buffer.append(lost[interface] ?? 0)
        buffer.endOptions()
        buffer.end(block)
    }

    private func writeSectionHeader() throws {
        buffer.sectionHeader()
        let header = RecordingHeader(
            run: run, file: fileNumber, anonymized: options.anonymizes, filtered: options.isFiltered,
            host: options.anonymizes ? nil : options.host)
        buffer.record(.header, [UInt8](try encoder.encode(header)))
    }

    // MARK: The ring

    private func remember(_ flow: FlowEvent) {
        let key = FlowKey(namespace: flow.namespace, original: flow.original, zone: flow.zone)
        if flow.change == .destroy {
            openFlows[key] = nil
        } else if openFlows.count < Self.openFlowLimit || openFlows[key] != nil {
            openFlows[key] = flow
        }
    }

    /// Begins the next file where the current one is full, before the event at `timeNanoseconds`.
    private func turnRing(_ timeNanoseconds: Int64?) throws {
        if let timeNanoseconds { latestNanoseconds = max(latestNanoseconds, timeNanoseconds) }
        guard let ring = options.ring else { return }
        if fileStartNanoseconds == nil { fileStartNanoseconds = timeNanoseconds }
        switch ring.limit {
        case .bytes(let limit):
            // A file whose head alone is larger takes one event nevertheless.
            let size = file.writtenBytes + buffer.bytes.count
            guard size >= limit, size > headBytes else { return }
        case .nanoseconds(let limit):
            guard let start = fileStartNanoseconds, latestNanoseconds &- start >= limit else { return }
        }
        try close()
        fileNumber += 1
        if fileNumber > ring.fileCount {
            unlink(ring.path(path, file: fileNumber - ring.fileCount))
        }
        file = try RecordingFile(path: ring.path(path, file: fileNumber))
        fileStartNanoseconds = timeNanoseconds ?? latestNanoseconds
        interfaces = InterfaceTable()
        described = [:]
        undeclared = [:]
        lost = [:]
        try writeSectionHeader()
        let network = networks.latest
        networks = NetworkHistory()
        if !network.isEmpty { writeNetwork(network, flags: RecordBlock.repeated) }
        if let latestSampling { buffer.record(.sampling, flags: RecordBlock.repeated, latestSampling) }
        for (id, point) in points { try declare(id, point, flags: RecordBlock.repeated) }
        let flows = openFlows.values.sorted { ($0.timeNanoseconds, $0.namespace) < ($1.timeNanoseconds, $1.namespace) }
        for flow in flows { buffer.record(.flow, flags: RecordBlock.repeated, try json(flow)) }
        try flush()
        headBytes = file.writtenBytes
    }
}
