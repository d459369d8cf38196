@testable import Correlation
import Glibc
import Observations
import Recording
import Network
import Twin
import Wire

@testable import WalkModel

/// `fixtures/crowd` as it was recorded: many senders behind one address that send the same packet at the same time.
///
/// Which packet a sighting is of is read from the packet's own bytes, behind those that its label covers: the engine
/// sees headers, never bytes, so it can't look there. The number travels through the engine in the field `mark`, of
/// which it makes no use: `walksWithoutTruth` are those of a second engine that was not given it.
struct CrowdRun {
    /// Request or reply of one sender, by the number that the sender wrote into it.
    struct Packet: Hashable, Comparable {
        var number: UInt32
        var isReply: Bool

        var sender: UInt32 { number & 0xff }
        /// Sent while the router threw away every tenth request.
        var isLossy: Bool { number >> 24 != 0 }
        static func < (left: Self, right: Self) -> Bool {
            (left.number, left.isReply ? 1 : 0) < (right.number, right.isReply ? 1 : 0)
        }
    }

    /// A walk, as far as it is judged.
    struct Piece {
        /// Nil for a sighting of another packet (ARP, RST).
        var packets: Set<Packet?> = []
        var observationCount = 0
        var outcome = Walk.Outcome.delivered
        /// `host eth0 out`, `host forward`, …: hooks without their stages, several points of one as one.
        var hops: [String] = []
        var steps: [Step] = []
    }

    private(set) var observationCounts: [Packet: Int] = [:]
    private(set) var pieces: [Piece] = []
    /// Packets of which one place saw the same as of another one of the same round: the kernel gave two flows that
    /// began at once the same translation (a conntrack clash: it drops one of them behind that). Nothing but the truth
    /// in their payload tells them apart there.
    private(set) var twins: Set<Packet> = []
    /// Labels of the requests, by protocol number.
    private(set) var labels: [UInt8: Set<UInt64>] = [:]
    private(set) var losses: [Loss] = []
    /// Observations that came too late for their place in the stream.
    private(set) var lateCount = 0
    private(set) var walks: [WalkRecord] = []
    private(set) var walksWithoutTruth: [WalkRecord] = []
    private(set) var statistics = WalkEngine.Statistics()

    private static let same = Array("the same bytes in every packet, whoever sends it and whenever: ..".utf8.prefix(64))

    init(recording: String) throws {
        let reader = try RecordingReader(path: recording)
        var engine = WalkEngine()
        var second = WalkEngine()
        var batches: [WalkBatch] = []
        var sameLooks: [Looks: Set<Packet>] = [:]
        func drain() {
            batches.append(engine.finishedBatch())
            walksWithoutTruth += second.finishedBatch().records
        }
        try reader.read(
            events: { _, event in
                engine.take(event)
                second.take(event)
                if case .loss(let loss) = event { losses.append(loss) }
                if case .watermark = event { drain() }
            },
            packets: { _, observation, bytes in
                second.take(observation)
                var marked = copy observation
                marked.mark = 0
                if let packet = Self.packet(bytes, isRaw: observation.headers.macDestination.value == 0) {
                    observationCounts[packet, default: 0] += 1
                    sameLooks[Looks(observation, of: packet), default: []].insert(packet)
                    marked.mark = (packet.number | (packet.isReply ? 1 << 31 : 0)) &+ 1
                    if !packet.isReply {
                        labels[observation.headers.ipProtocol.rawValue, default: []].insert(observation.headers.label)
                    }
                }
                engine.take(marked)
            })
        batches.append(engine.finishBatch())
        walksWithoutTruth += second.finishBatch().records
        statistics = engine.statistics
        twins = Self.twins(sameLooks)
        for batch in batches {
            walks += batch.records
            for record in batch.records { pieces.append(Self.piece(record, of: batch)) }
        }
    }

    static func twins(_ sameLooks: [Looks: Set<Packet>]) -> Set<Packet> {
        sameLooks.values.reduce(into: []) { twins, packets in if packets.count > 1 { twins.formUnion(packets) } }
    }

    /// All that a place sees of a packet in which those of one round could differ.
    struct Looks: Hashable {
        let vantage: VantageID
        let round: UInt32
        let isReply: Bool
        let ttl: UInt8
        let tuple: FlowTuple

        init(_ observation: borrowing Observation, of packet: Packet) {
            vantage = observation.vantage
            round = packet.number >> 8
            isReply = packet.isReply
            ttl = observation.headers.ttl
            tuple = PacketHeadersRecord(observation.headers).tuple
        }
    }

    private static func piece(_ record: WalkRecord, of batch: WalkBatch) -> Piece {
        var piece = Piece(observationCount: record.observationCount, outcome: record.outcome)
        guard let places = batch.context?.places else { return piece }
        piece.steps = Array(batch.steps[record.stepStart..<record.stepStart + record.stepCount])
        for step in piece.steps {
            let mark = step.sighting.mark
            piece.packets.insert(
                mark == 0 ? nil : Packet(number: (mark &- 1) & 0x7fff_ffff, isReply: (mark &- 1) >> 31 == 1))
            let point = places.point(places.places[Int(step.sighting.vantage)])
            let place = point.device.map { "\($0) \(point.direction?.rawValue ?? "")" } ?? point.hook?.rawValue ?? ""
            let hop = "\(point.namespace) \(place)"
            if piece.hops.last != hop { piece.hops.append(hop) }
        }
        return piece
    }

    /// Reads the truth from a packet's bytes, by its offsets alone: IPv4 without options, behind Ethernet or not.
    static func packet(_ bytes: RawSpan, isRaw: Bool) -> Packet? {
        let network = isRaw ? 0 : 14
        return bytes.withUnsafeBytes { raw -> Packet? in
            guard raw.count > network + 24, raw[network] == 0x45 else { return nil }
            // UDP and ICMP have 8 bytes of header, this TCP 20.
            let payload = network + 20 + (raw[network + 9] == 6 ? 20 : 8)
            guard raw.count >= payload + same.count + 4, raw[payload..<payload + same.count].elementsEqual(same) else {
                return nil
            }
            let mark = raw[(payload + same.count)..<(payload + same.count + 4)].reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            let isReply = raw[(network + 12)..<(network + 16)].elementsEqual([198, 51, 100, 1])
            return Packet(number: mark, isReply: isReply)
        }
    }
}

/// The numbers in a file, one a line.
func numbers(in path: String) -> [UInt32] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var result: [UInt32] = []
    var line = [CChar](repeating: 0, count: 64)
    while fgets(&line, Int32(line.count), file) != nil {
        if let number = UInt32(String(decoding: line.prefix { $0 > 32 }.map { UInt8($0) }, as: UTF8.self)) {
            result.append(number)
        }
    }
    return result
}
