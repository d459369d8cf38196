@testable import Correlation
import Observations
import Recording
import Wire

/// A recording of the crowd that BPF programs made, joined twice: by labels alone, and with the packets' identities in the
/// kernel. The identities say which sightings are of one packet, without a look at what either engine does.
struct KernelTruth {
    /// Packets of the kernel that show what the senders wrote, seen at two places or more.
    private(set) var identityCount = 0
    /// Requests and replies that the senders numbered.
    private(set) var packetCount = 0
    /// How many of them are in one walk each, joined by labels alone.
    private(set) var whole = 0
    /// Those that are not, though the kernel did not give two flows one translation then.
    private(set) var split: [CrowdRun.Packet] = []
    /// Packets that some place saw alike (`CrowdRun.twins`): the translations of their two flows clashed.
    private(set) var twinCount = 0
    /// The same, joined with identities.
    private(set) var wholeByIdentity = 0
    /// Identities under which several different packets were seen.
    private(set) var confused: [UInt64] = []
    private(set) var losses: [Loss] = []

    init(recording: String) throws {
        let reader = try RecordingReader(path: recording)
        var options = WalkEngine.Options()
        options.keepsSightings = true
        var byLabel = WalkEngine(options: options)
        var byIdentity = WalkEngine(options: options)
        var walksByLabel: [UInt64: Set<Int>] = [:]
        var walksByIdentity: [UInt64: Set<Int>] = [:]
        var labelWalks = 0
        var identityWalks = 0
        var packets: [UInt64: Set<CrowdRun.Packet>] = [:]
        var sightings: [UInt64: Int] = [:]
        var sameLooks: [CrowdRun.Looks: Set<CrowdRun.Packet>] = [:]
        // The engine that must not know carries the truth in the mark, of which it makes no use: a number for each identity.
        var numbers: [UInt64: UInt32] = [:]
        var identities: [UInt64] = [0]
        func drain(_ batch: WalkBatch, byLabel: Bool) {
            for record in batch.records {
                if byLabel { labelWalks += 1 } else { identityWalks += 1 }
                for sighting in batch.members[record.stepStart] ?? [] {
                    let identity = byLabel ? identities[Int(sighting.mark)] : sighting.kernelIdentity
                    if identity == 0 { continue }
                    if byLabel {
                        walksByLabel[identity, default: []].insert(labelWalks)
                    } else {
                        walksByIdentity[identity, default: []].insert(identityWalks)
                    }
                }
            }
        }
        try reader.read(
            events: { _, event in
                byLabel.take(event)
                byIdentity.take(event)
                if case .loss(let loss) = event { losses.append(loss) }
                if case .watermark = event {
                    drain(byLabel.finishedBatch(), byLabel: true)
                    drain(byIdentity.finishedBatch(), byLabel: false)
                }
            },
            packets: { _, observation, bytes in
                let identity = observation.kernelIdentity
                var blind = copy observation
                blind.kernelIdentity = 0
                blind.mark = 0
                if identity != 0,
                    let packet = CrowdRun.packet(bytes, isRaw: observation.headers.macDestination.value == 0)
                {
                    packets[identity, default: []].insert(packet)
                    sightings[identity, default: 0] += 1
                    sameLooks[CrowdRun.Looks(observation, of: packet), default: []].insert(packet)
                    if numbers[identity] == nil {
                        numbers[identity] = UInt32(identities.count)
                        identities.append(identity)
                    }
                    blind.mark = numbers[identity] ?? 0
                }
                byLabel.take(blind)
                byIdentity.take(observation)
            })
        drain(byLabel.finishBatch(), byLabel: true)
        drain(byIdentity.finishBatch(), byLabel: false)
        packetCount = Set(packets.values.flatMap(\.self)).count
        confused = packets.filter { $0.value.count > 1 }.map(\.key)
        let twins = CrowdRun.twins(sameLooks)
        twinCount = twins.count
        // A request and its reply go with their twins.
        let clashing = Set(twins.map(\.number))
        for (identity, count) in sightings where count > 1 {
            identityCount += 1
            if walksByLabel[identity]?.count == 1 {
                whole += 1
            } else if packets[identity]?.contains(where: { clashing.contains($0.number) }) != true {
                split += packets[identity] ?? []
            }
            if walksByIdentity[identity]?.count == 1 { wholeByIdentity += 1 }
        }
    }
}
