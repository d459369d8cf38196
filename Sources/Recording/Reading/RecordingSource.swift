internal import FoundationEssentials
internal import Observations
internal import Network
internal import Wire

/// One file, read as events.
final class RecordingSource {
    enum Step {
        /// `event` holds it.
        case event
        /// `readPackets` and `givePacket` give it.
        case packet
        case end
    }

    let point: CapturePoint
    private let pcapng: PcapNGFile?
    private let pcap: PcapFile?
    private let registry: VantageRegistry
    private let runs: RunRegistry
    private let places: ForeignPlaces
    private let decoder = JSONDecoder()

    /// Of the section being read; nil for a capture made by others.
    private(set) var header: RecordingHeader?
    private var networks = NetworkHistory()
    private var section = 0
    /// The run that the event or packet at hand belongs to: in a recording of ours, the one that its section names.
    var run = RunID(rawValue: 0)
    /// The event at hand was in an earlier file of the ring.
    private(set) var isRepeated = false
    /// The files before this one in its ring were read: what it repeats is known.
    var skipsRepeated = false

    private(set) var event: Event = .watermark(timeNanoseconds: 0)
    private(set) var step: Step = .end
    /// Events that come before the packet at hand.
    private var waiting: [Event] = []
    private var waitingStart = 0
    private var packetWaits = false

    // The packet at hand.
    private var packet = CapturedPacket()
    private var slot = Slot(vantage: .max, linkType: .ethernet, clock: .passage)
    private var message: NFLOGMessage?
    /// Of an NFLOG message, its number in the log; 0 elsewhere.
    private var logNumber: UInt32 = 0
    private var cookedCopies = CookedCopies()
    private var logOrder = LogOrder()

    private struct Slot {
        var vantage: UInt32
        var linkType: LinkType
        var clock: Observation.Clock
        /// Bytes in front that the recording added.
        var wrapping = 0
    }

    /// By interface × 3 + direction; a vantage of `.max` where there is none yet.
    private var slots: [Slot] = []
    private var dropped: [UInt64] = []
    private var decodeDamage: CaptureDamage
    /// Packets of link types that are not read.
    private var unread = UnreadCounts()
    /// Whether any packet was of a link type that is read.
    private(set) var hasReadable = false
    /// Whether retis has written of a packet at a device.
    private var hasDeviceProbes = false

    init(_ point: CapturePoint, source: ByteSource, registry: VantageRegistry, runs: RunRegistry) throws {
        self.point = point
        self.registry = registry
        self.runs = runs
        places = ForeignPlaces(point)
        decodeDamage = CaptureDamage(path: point.path)
        pcapng = PcapNGFile(source)
        pcap = pcapng == nil ? PcapFile(source) : nil
        guard pcapng != nil || pcap != nil else {
            if source.available == 0 {
                throw RecordingError(path: point.path, reason: source.failure ?? "the file is empty")
            }
            throw RecordingError(
                path: point.path, offset: 0,
                reason: "neither pcapng nor pcap: a capture begins with 0a0d0d0a or a1b2c3d4, in either byte order")
        }
    }

    var damage: [RecordingError] { ((pcapng?.damage ?? pcap?.damage)?.errors ?? []) + decodeDamage.errors }
    private var interfaces: [CapturedInterface] { pcapng?.interfaces ?? pcap?.interfaces ?? [] }
    /// The first of the interfaces whose packets are of a link type that is not read.
    var unreadInterfaces: [UnreadInterface] { unread.interfaces }
    /// The link type of the first interface of a file that has no other one.
    var onlyLinkType: LinkType? {
        let types = Set(interfaces.map(\.linkType))
        return types.count == 1 ? types.first : nil
    }
    var timeNanoseconds: Int64 { packetTime }
    private(set) var packetTime: Int64 = .min

    /// Reads on to the next event or packet.
    func advance() -> Step {
        // Out of `self` while the file fills it in.
        var packet = packet
        defer { self.packet = packet }
        return advance(&packet)
    }

    private func advance(_ packet: inout CapturedPacket) -> Step {
        if waitingStart < waiting.count || packetWaits { return advanceWaiting() }
        while true {
            let next: CaptureStep
            if let pcapng {
                next = pcapng.next(&packet)
            } else if let pcap {
                next = pcap.next(&packet)
            } else {
                next = .end
            }
            if let step = take(next, packet) { return step }
            if waitingStart < waiting.count || packetWaits { return advanceWaiting() }
        }
    }

    /// - Returns: nil where there is nothing to give, or where it waits.
    @inline(__always)
    private func take(_ next: CaptureStep, _ packet: CapturedPacket) -> Step? {
        switch next {
        case .packet:
            guard resolve(packet) else { return nil }
            step = .packet
        case .record:
            guard readRecord() else { return nil }
            step = .event
        case .dropped:
            guard readDropped() else { return nil }
            step = .event
        case .end:
            step = .end
        }
        return step
    }

    private func advanceWaiting() -> Step {
        if waitingStart < waiting.count {
            event = waiting[waitingStart]
            waitingStart += 1
            step = .event
        } else {
            waiting.removeAll(keepingCapacity: true)
            waitingStart = 0
            packetWaits = false
            step = .packet
        }
        return step
    }

    // MARK: Packets

    /// Finds the vantage point of the packet at hand. False where the packet has to wait or can't be placed.
    @inline(__always)
    private func resolve(_ packet: CapturedPacket) -> Bool {
        if let pcapng, pcapng.section != section { begin(pcapng.section) }
        packetTime = packet.timeNanoseconds
        message = nil
        let index = packet.slot
        if index < slots.count, slots[index].vantage != .max {
            slot = slots[index]
            return true
        }
        return resolveSlowly(packet, index: index)
    }

    private func resolveSlowly(_ packet: CapturedPacket, index: Int) -> Bool {
        let interfaces = interfaces
        guard packet.interface < interfaces.count else { return false }
        let interface = interfaces[packet.interface]
        if header != nil {
            // Its fields name the vantage point, declared or not.
            slot = Slot(vantage: .max, linkType: interface.linkType, clock: .passage)
            return true
        }
        guard interface.linkType.isRead else {
            unread.count(packet.interface, interface, path: point.path)
            return false
        }
        hasReadable = true
        guard let (place, isLasting) = findPlace(packet, interface, of: interfaces.count) else { return false }
        guard let (number, isNew) = registry.number(place) else {
            decodeDamage.note(
                (pcapng?.source ?? pcap?.source)?.offset ?? 0, "more places than \(VantageRegistry.limit)")
            return false
        }
        slot = Slot(vantage: number, linkType: interface.linkType, clock: place.usualClock)
        if let message, message.timestampNanoseconds == nil { slot.clock = .reading }
        if isLasting { set(slot, at: index) }
        if isNew {
            waiting.append(.vantage(VantageID(rawValue: number), place))
            packetWaits = true
            return false
        }
        return true
    }

    /// Where a packet of a capture made by others was seen, and whether all packets of its interface and direction were
    /// seen there. Nil where the packet itself says what can't be, or where an event stands for it.
    private func findPlace(
        _ packet: CapturedPacket, _ interface: CapturedInterface, of count: Int
    ) -> (place: VantagePoint, isLasting: Bool)? {
        let number = packet.interface
        switch interface.linkType {
        case .linuxSLL, .linuxSLL2:
            guard let cooked = CookedHeader(packet.bytes.bytes, linkType: interface.linkType) else {
                return (places.link(interface, number: number, of: count, direction: packet.direction), false)
            }
            let copy =
                cooked.interfaceIndex == 0
                ? cookedCopies.copy(packet.bytes, cooked, timeNanoseconds: packet.timeNanoseconds) : 1
            return (places.cooked(cooked, interface, number: number, of: count, copy: copy), false)
        case .nflog:
            guard let found = NFLOGMessage(packet.bytes.bytes) else {
                decodeDamage.note(
                    (pcapng?.source ?? pcap?.source)?.offset ?? 0, "an NFLOG message that contradicts itself")
                return nil
            }
            guard
                let entry = logOrder.next(
                    found, payload: packet.bytes, readNanoseconds: packet.timeNanoseconds)
            else { return nil }
            message = found
            packetTime = entry.timeNanoseconds
            logNumber = entry.number
            return (places.netfilter(found, interface), false)
        default: break
        }
        if let retis = RetisEvent(
            interface: interface.name, description: interface.description, annotation: packet.annotation)
        {
            return findPlace(packet, interface, retis).map { ($0, false) }
        }
        if packet.direction == nil, let mac = interface.mac, interface.linkType == .ethernet {
            let isOwn = packet.bytes.bytes.load(6, UInt64.self, swapped: true) >> 16 == mac.value
            return (places.link(interface, number: number, of: count, direction: isOwn ? .out : .in), false)
        }
        return (places.link(interface, number: number, of: count, direction: packet.direction), true)
    }

    /// Probes between devices would say nothing but that the packet was there too: they count where the file has no
    /// others before them.
    private func findPlace(
        _ packet: CapturedPacket, _ interface: CapturedInterface, _ retis: RetisEvent
    ) -> VantagePoint? {
        if retis.isDrop {
            if let drop = drop(packet, interface, retis) { waiting.append(.drop(drop)) }
            return nil
        }
        if retis.isAtDevice {
            hasDeviceProbes = true
        } else if hasDeviceProbes {
            unread.count(packet.interface, interface, path: point.path, probe: retis.probe ?? "")
            return nil
        }
        return retis.place(in: places.namespace)
    }

    /// Nil for an echo reply that ended well: it is freed when every ping socket has had its copy (`ping_rcv`).
    private func drop(_ packet: CapturedPacket, _ interface: CapturedInterface, _ retis: RetisEvent) -> DropEvent? {
        let headers = dissect(
            packet.bytes.bytes, linkType: interface.linkType,
            originalLength: max(Int(packet.originalLength), packet.bytes.count))
        guard let reason = retis.dropReason, !(headers.isEchoReply && reason == "NO_SOCKET") else { return nil }
        return DropEvent(
            timeNanoseconds: packet.timeNanoseconds, namespace: retis.namespaceName(unknown: places.namespace),
            device: retis.device, reason: DropReason(rawValue: reason), headers: PacketHeadersRecord(headers))
    }

    /// Gives packet after packet, the one at hand first, until something else comes.
    ///
    /// `observation` is filled in place, so that a packet's headers are written once and copied nowhere.
    /// - Returns: what came.
    func readPackets(
        into observation: inout Observation, _ body: (RunID, borrowing Observation, RawSpan) throws -> Void
    ) rethrows -> Step {
        // What the loop touches is out of `self`, whose accesses cost more than a packet's reading.
        var packet = packet
        var place = slot
        let slots = slots
        let section = section
        let run = run
        let hasFields = header != nil
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        defer { self.packet = packet }
        guard let pcapng, message == nil else {
            fill(&observation, packet, place, packetTime, &bytes)
            if let message { complete(&observation, message) }
            if !hasFields { observation.sourceSequence = orderNumber() }
            try body(run, observation, bytes.bytes)
            return advance(&packet)
        }
        var time = packetTime
        while true {
            fill(&observation, packet, place, time, &bytes)
            if hasFields, packet.fields.count > 0 { complete(&observation, packet.fields) }
            try body(run, observation, bytes.bytes)
            let next = pcapng.next(&packet)
            let index = packet.slot
            guard next == .packet, pcapng.section == section, index < slots.count, slots[index].vantage != .max else {
                packetTime = time
                if let step = take(next, packet) { return step }
                return advance(&packet)
            }
            place = slots[index]
            time = packet.timeNanoseconds
        }
    }

    /// Gives the packet at hand.
    func givePacket(
        _ observation: inout Observation, _ body: (RunID, borrowing Observation, RawSpan) throws -> Void
    ) rethrows {
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        fill(&observation, packet, slot, packetTime, &bytes)
        if header != nil, packet.fields.count > 0 { complete(&observation, packet.fields) }
        if let message { complete(&observation, message) }
        if header == nil { observation.sourceSequence = orderNumber() }
        try body(run, observation, bytes.bytes)
    }

    /// What tells the order of packets of other programs' captures where their times don't.
    private func orderNumber() -> UInt32 { message == nil ? registry.nextPacket() : logNumber }

    /// Fills in what block and place say of an observation.
    @inline(__always)
    private func fill(
        _ observation: inout Observation, _ packet: borrowing CapturedPacket, _ slot: Slot, _ time: Int64,
        _ bytes: inout UnsafeRawBufferPointer
    ) {
        bytes = packet.bytes
        var originalLength = packet.originalLength
        if slot.wrapping > 0 {
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(slot.wrapping))
            originalLength -= min(originalLength, UInt32(slot.wrapping))
        }
        observation.timeNanoseconds = time
        observation.vantage = VantageID(rawValue: slot.vantage)
        observation.clock = slot.clock
        observation.matchesFilter = true
        observation.inDevice = 0
        observation.outDevice = 0
        observation.physicalInDevice = 0
        observation.physicalOutDevice = 0
        observation.mark = 0
        observation.sourceSequence = 0
        observation.bytesOffset = 0
        observation.originalLength = originalLength
        observation.bytesCount = UInt32(truncatingIfNeeded: bytes.count)
        observation.headers.read(
            bytes.bytes, linkType: slot.linkType, originalLength: max(Int(originalLength), bytes.count))
    }

    private func complete(_ observation: inout Observation, _ fields: UnsafeRawBufferPointer) {
        var reader = FieldReader(fields)
        let base = observation
        observation.code(with: &reader, base: base)
    }

    private func complete(_ observation: inout Observation, _ message: NFLOGMessage) {
        observation.inDevice = message.inDevice
        observation.outDevice = message.outDevice
        observation.physicalInDevice = message.physicalInDevice
        observation.physicalOutDevice = message.physicalOutDevice
        observation.mark = message.mark
        observation.originalLength = UInt32(truncatingIfNeeded: message.payloadLength)
    }

    private func set(_ slot: Slot, at index: Int) {
        while slots.count <= index { slots.append(Slot(vantage: .max, linkType: .ethernet, clock: .passage)) }
        slots[index] = slot
    }

    private func begin(_ section: Int) {
        self.section = section
        header = nil
        networks = NetworkHistory()
        slots.removeAll(keepingCapacity: true)
        dropped.removeAll(keepingCapacity: true)
    }

    // MARK: Everything else

    private func readRecord() -> Bool {
        guard let pcapng else { return false }
        if pcapng.section != section { begin(pcapng.section) }
        guard let kind = RecordBlock(rawValue: pcapng.recordKind) else { return false }
        do {
            guard let read = try decode(kind, pcapng) else { return false }
            isRepeated = pcapng.recordFlags & RecordBlock.repeated != 0
            if skipsRepeated, isRepeated { return false }
            event = read
            return true
        } catch {
            decodeDamage.note(pcapng.source.offset, "a \(kind) record that can't be read: \(UnreadableRecord(error))")
            return false
        }
    }

    private func decode(_ kind: RecordBlock, _ file: PcapNGFile) throws -> Event? {
        func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try decoder.decode(type, from: Data(file.record))
        }
        if header == nil, kind != .header { return nil }
        switch kind {
        case .header:
            let found = try json(RecordingHeader.self)
            guard RecordingHeader.knownSchemas.contains(found.schema) else {
                decodeDamage.note(
                    file.source.offset, "a recording of schema \(found.schema), which this tool does not know")
                return nil
            }
            guard let number = runs.number(found) else {
                decodeDamage.note(file.source.offset, "more runs than \(RunRegistry.limit)")
                return nil
            }
            header = found
            run = number
            return nil
        case .topology:
            let network = try networks.unpack(Array(file.record), flags: file.recordFlags)
            let record = try decoder.decode(TopologyRecord.self, from: Data(network))
            runs.learn(record.topology, of: run)
            return .topology(record.topology, timeNanoseconds: record.time)
        case .vantage:
            let record = try json(VantageRecord.self)
            return declare(record, file)
        case .flow: return .flow(try json(FlowEvent.self))
        case .route: return .route(try json(RouteDecision.self))
        case .rule: return .rule(try json(RuleEvent.self))
        case .drop: return .drop(try json(DropEvent.self))
        case .sendFailure: return .sendFailure(try json(SendFailure.self))
        case .loss: return .loss(try json(Loss.self))
        case .sampling: return .sampling(try json(SamplingChange.self))
        case .counters: return .counters(try json(CounterChange.self))
        case .watermark:
            guard file.record.count == 8 else { return nil }
            return .watermark(
                timeNanoseconds: Int64(littleEndian: file.record.bytes.load(0, Int64.self, swapped: false)))
        }
    }

    private func declare(_ record: VantageRecord, _ file: PcapNGFile) -> Event? {
        guard Int(record.interface) < file.interfaces.count else {
            decodeDamage.note(file.source.offset, "a vantage point at an interface that is not described")
            return nil
        }
        let direction = record.point.direction
        set(
            Slot(
                vantage: record.id, linkType: record.point.linkType, clock: record.point.usualClock,
                wrapping: record.point.isWrapped ? VantagePoint.wrappingLength : 0),
            at: Int(record.interface) * 3 + (direction == .in ? 1 : direction == .out ? 2 : 0))
        return .vantage(VantageID(rawValue: record.id), record.point)
    }

    /// In a recording of ours losses are records of their own.
    private func readDropped() -> Bool {
        guard let pcapng, header == nil, pcapng.droppedInterface < pcapng.interfaces.count else { return false }
        let number = pcapng.droppedInterface
        while dropped.count <= number { dropped.append(0) }
        // Each counts from the capture's start.
        guard pcapng.dropped > dropped[number] else { return false }
        let lost = pcapng.dropped - dropped[number]
        dropped[number] = pcapng.dropped
        let name = places.link(
            pcapng.interfaces[number], number: number, of: pcapng.interfaces.count, direction: nil
        ).interfaceName
        let vantage = [0, 1, 2].lazy.map { number * 3 + $0 }.first {
            $0 < self.slots.count && self.slots[$0].vantage != .max
        }
        event = .loss(
            Loss(
                timeNanoseconds: packetTime == .min ? 0 : packetTime,
                vantage: vantage.map { VantageID(rawValue: slots[$0].vantage) }, source: "pcap \(name)", lost: lost))
        return true
    }
}
