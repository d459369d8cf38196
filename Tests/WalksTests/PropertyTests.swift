import Observations
import Testing
import Topology
import Wire

@testable import Walks

/// Streams with known truth, over many seeds: no walk ever holds two packets, and no observation is lost.
@Suite struct PropertyTests {
    struct Result {
        var packets = 0
        var whole = 0
        var falseMerges = 0
        var exactTranslations = 0
        var observationsIn = 0
        var observationsOut = 0
    }

    static func run(_ shape: Generator.Shape, seed: UInt64) -> Result {
        let generator = Generator(shape, seed: seed)
        var engine = WalkEngine()
        var result = Result()
        var batches: [WalkBatch] = []
        for event in generator.preamble { engine.take(event) }
        var mark = Int64.min
        var latest = Int64.min
        for (time, event) in generator.events {
            engine.take(event)
            if case .packet = event { result.observationsIn += 1 }
            latest = max(latest, time)
            if latest - mark.clamped > 20_000_000 {
                mark = latest
                engine.take(.watermark(timeNanoseconds: latest - Int64(shape.disorder * 1000) - 1))
                batches.append(engine.finishedBatch())
            }
        }
        batches.append(engine.finishBatch())
        var sizes: [Int: Int] = [:]
        for batch in batches {
            guard let places = batch.context?.places else { continue }
            var vantageOfPlace: [UInt32: UInt32] = [:]
            for number in 0..<UInt32(places.places.count) {
                vantageOfPlace[UInt32(bitPattern: places.place(of: number))] = number
            }
            for record in batch.records {
                result.observationsOut += record.observationCount
                var packets: Set<Int> = []
                var flows: [FlowKey] = []
                for step in batch.steps[record.stepStart..<record.stepStart + record.stepCount] {
                    let sight = Generator.Sight(
                        vantage: vantageOfPlace[step.sighting.vantage] ?? .max, time: step.sighting.timeNanoseconds,
                        sequence: step.sighting.sourceSequence)
                    packets.insert(generator.truth[sight] ?? -1)
                    if flows.last != step.sighting.flowKey { flows.append(step.sighting.flowKey) }
                    if step.parent >= 0, step.confidence == .exact, !step.joint.contains(.conntrack) {
                        let before = batch.steps[record.stepStart + Int(step.parent)].sighting
                        if before.flowKey != step.sighting.flowKey, !before.has(Sighting.isFragment),
                            !step.sighting.has(Sighting.isFragment)
                        {
                            result.exactTranslations += 1
                        }
                    }
                }
                if packets.count != 1 || packets.contains(-1) { result.falseMerges += 1 }
                if let packet = packets.first, packets.count == 1 {
                    sizes[packet] = max(sizes[packet] ?? 0, record.observationCount)
                }
            }
        }
        result.packets = generator.sightCount.count
        result.whole = generator.sightCount.count { sizes[$0.key] == $0.value }
        return result
    }

    /// Draws a shape; every field has its say.
    static func shape(_ random: inout SplitMix64) -> Generator.Shape {
        var shape = Generator.Shape()
        shape.senders = Int.random(in: 1...12, using: &random)
        shape.packetsEach = Int.random(in: 1...8, using: &random)
        shape.translates = random.chance(0.7)
        shape.hasConntrack = random.chance(0.6)
        shape.hasHooks = random.chance(0.5)
        shape.hasSecondRouter = random.chance(0.4)
        shape.sharesLabel = random.chance(0.5)
        shape.loss = random.chance(0.4) ? 0.05 : 0
        shape.gap = random.chance(0.3) ? 5...60 : 400...3000
        shape.floods = random.chance(0.3)
        shape.fragments = random.chance(0.2)
        shape.disorder = random.chance(0.3) ? 50 : 0
        shape.conntrackDelay = random.chance(0.5) ? 100 : 20_000
        shape.spread = random.chance(0.5) ? 10 : 5000
        return shape
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func noWalkHoldsTwoPackets(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let shape = Self.shape(&random)
        let result = Self.run(shape, seed: seed &+ 1_000_003)
        #expect(result.falseMerges == 0, "seed \(seed): \(shape)")
        #expect(result.observationsIn == result.observationsOut, "seed \(seed): \(shape)")
        #expect(result.exactTranslations == 0, "seed \(seed): \(shape)")
        // Where labels differ, or conntrack tells the flows apart and nothing is lost, every packet has its walk.
        let isPlain = !shape.sharesLabel
        let isToldApart = (!shape.translates || shape.hasConntrack) && shape.loss == 0 && !shape.floods
        if isPlain || isToldApart, !(shape.fragments && shape.sharesLabel) {
            #expect(result.whole == result.packets, "seed \(seed): \(result) \(shape)")
        }
    }

    /// What was worked out for one packet and taken for the next must be what would have been worked out for that.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func rememberedArrangementsAreThoseWorkedOut(seed: UInt64) {
        var random = SplitMix64(seed: seed &+ 7)
        let generator = Generator(Self.shape(&random), seed: seed &+ 2_000_003)
        var walks: [[Walk]] = []
        for remembers in [true, false] {
            var options = WalkEngine.Options()
            options.remembersArrangements = remembers
            var engine = WalkEngine(options: options)
            for event in generator.preamble { engine.take(event) }
            for (_, event) in generator.events { engine.take(event) }
            walks.append(engine.finish())
        }
        #expect(!walks[0].isEmpty)
        #expect(walks[0] == walks[1], "seed \(seed)")
    }

    /// 100 namespaces on one bridge behind one MASQUERADE, all sending at once the same packet from the same port.
    @Test(arguments: [false, true])
    func hundredNamespacesBehindOneAddress(withLoss: Bool) {
        var shape = Generator.Shape()
        shape.senders = 100
        shape.packetsEach = 20
        shape.sharesLabel = true
        shape.hasHooks = true
        shape.gap = 900...1100
        shape.loss = withLoss ? 0.01 : 0
        let seed: UInt64 = withLoss ? 71 : 70
        let result = Self.run(shape, seed: seed)
        #expect(result.falseMerges == 0, "seed \(seed)")
        #expect(result.observationsIn == result.observationsOut, "seed \(seed)")
        #expect(Double(result.whole) >= 0.999 * Double(result.packets), "seed \(seed): \(result)")
    }
}

extension Int64 {
    /// Far enough from the ends to subtract from.
    fileprivate var clamped: Int64 { self == .min ? 0 : self }
}
