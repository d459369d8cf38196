import Observations
import TestSupport
import Testing
import Network
import Wire

@testable import Correlation
@testable import WalkModel

/// Streams with known truth, over many seeds: no walk ever holds two packets, and no observation is lost.
@Suite struct PropertyTests {
    struct Result {
        var packets = 0
        var whole = 0
        var falseMerges = 0
        var exactTranslations = 0
        var observationsIn = 0
        var observationsOut = 0
        /// No sighting is missing from the walks.
        var isComplete = false
    }

    static func run(_ shape: Generator.Shape, seed: UInt64, remembers: Bool = true) -> Result {
        let generator = Generator(shape, seed: seed)
        var options = WalkEngine.Options()
        options.remembersArrangements = remembers
        options.keepsSightings = true
        var engine = WalkEngine(options: options)
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
        var seen: Set<Generator.Sight> = []
        for batch in batches {
            guard let places = batch.context?.places else { continue }
            var vantageOfPlace: [UInt32: UInt32] = [:]
            for number in 0..<UInt32(places.places.count) {
                vantageOfPlace[UInt32(bitPattern: places.place(of: number))] = number
            }
            for record in batch.records {
                result.observationsOut += record.observationCount
                // What all of its sightings can be of: put together with others, a packet is among several.
                var packets: Set<Int>?
                for sighting in batch.members[record.stepStart] ?? [] {
                    let sight = Generator.Sight(
                        vantage: vantageOfPlace[sighting.vantage] ?? .max, time: sighting.timeNanoseconds,
                        sequence: sighting.sourceSequence)
                    let truth = generator.truth[sight] ?? []
                    packets = packets.map { $0.intersection(truth) } ?? truth
                    seen.insert(sight)
                }
                for step in batch.steps[record.stepStart..<record.stepStart + record.stepCount]
                where step.parent >= 0 && step.confidence == .exact && !step.joint.contains(.conntrack) {
                    let before = batch.steps[record.stepStart + Int(step.parent)].sighting
                    if before.flowKey != step.sighting.flowKey, !before.has(Sighting.isFragment),
                        !step.sighting.has(Sighting.isFragment)
                    {
                        result.exactTranslations += 1
                    }
                }
                if packets?.isEmpty ?? true { result.falseMerges += 1 }
                for packet in packets ?? [] { sizes[packet] = max(sizes[packet] ?? 0, record.observationCount) }
            }
        }
        result.isComplete = seen.count == generator.truth.count
        result.packets = generator.sightCount.count
        result.whole = generator.sightCount.count { sizes[$0.key] == $0.value }
        return result
    }

    /// Draws a shape; every field has its say.
    static func shape(_ random: inout SeededGenerator) -> Generator.Shape {
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
        var random = SeededGenerator(seed: seed)
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

    /// Draws a TCP stream that is cut on its way, put together, or both.
    static func stream(_ random: inout SeededGenerator) -> Generator.Shape {
        var shape = Self.shape(&random)
        shape.senders = Int.random(in: 1...5, using: &random)
        shape.sharesLabel = false
        shape.floods = false
        shape.fragments = false
        // A packet put together of what came out of order stands nowhere in this generator.
        shape.disorder = 0
        var stream = StreamShape()
        stream.bursts = Int.random(in: 1...4, using: &random)
        let last = shape.hasSecondRouter ? 5 : 3
        let isSmall = random.chance(0.3)
        if isSmall { stream.segments = 1...1 }
        if !isSmall { stream.cut = Int.random(in: 1...last, using: &random) }
        if isSmall || random.chance(0.5) {
            stream.merge = Int.random(in: min(last, (stream.cut ?? 0) + 1)...last, using: &random)
            stream.mergesPackets = isSmall || random.chance(0.4)
        }
        stream.hasIdentification = random.chance(0.7)
        stream.hasTimestamp = random.chance(0.7)
        stream.again = random.chance(0.5) ? 0.4 : 0
        shape.stream = stream
        return shape
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func segmentsKeepToTheirPacket(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 11)
        let shape = Self.stream(&random)
        let stream = try #require(shape.stream)
        let result = Self.run(shape, seed: seed &+ 3_000_003)
        #expect(result.falseMerges == 0, "seed \(seed): \(shape)")
        #expect(result.isComplete, "seed \(seed): \(shape)")
        // Where no packet's bytes went on in two packets, of which the other holds more, its walk has all of it.
        let isToldApart = stream.tellsApart && (!shape.translates || shape.hasConntrack)
        if isToldApart, !stream.mergesPackets || stream.cut == nil {
            #expect(result.whole == result.packets, "seed \(seed): \(result) \(shape)")
        }
    }

    /// IPv6 datagrams: whole at the hooks, fragments with new identifications behind each device that sends them out.
    @Test(arguments: 0..<150 as Range<UInt64>)
    func fragmentsKeepToTheirDatagram(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 13)
        var shape = Self.shape(&random)
        shape.fragments = false
        shape.fragmentsIPv6 = true
        let result = Self.run(shape, seed: seed &+ 4_000_003)
        #expect(result.falseMerges == 0, "seed \(seed): \(shape)")
        #expect(result.isComplete, "seed \(seed): \(shape)")
        if !shape.sharesLabel { #expect(result.whole == result.packets, "seed \(seed): \(result) \(shape)") }
    }

    private static func expectTheSameRemembered(_ generator: Generator, seed: UInt64) {
        let walks = [true, false].map { remembers in
            var options = WalkEngine.Options()
            options.remembersArrangements = remembers
            var engine = WalkEngine(options: options)
            for event in generator.preamble { engine.take(event) }
            for (_, event) in generator.events { engine.take(event) }
            return engine.finish()
        }
        #expect(!walks[0].isEmpty)
        #expect(walks[0] == walks[1], "seed \(seed)")
    }

    /// What was worked out for one packet and taken for the next must be what would have been worked out for that.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func rememberedArrangementsAreThoseWorkedOut(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 7)
        let generator = Generator(Self.shape(&random), seed: seed &+ 2_000_003)
        Self.expectTheSameRemembered(generator, seed: seed)
    }

    /// The same of how groups were told apart, where many flows are translated and conntrack says nothing of most.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func rememberedPartitionsAreThoseWorkedOut(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 17)
        var shape = Self.shape(&random)
        shape.senders = Int.random(in: 2...12, using: &random)
        shape.packetsEach = Int.random(in: 4...16, using: &random)
        shape.translates = true
        shape.hasConntrack = random.chance(0.2)
        shape.sharesLabel = random.chance(0.3)
        shape.fragments = random.chance(0.1)
        let generator = Generator(shape, seed: seed &+ 5_000_003)
        Self.expectTheSameRemembered(generator, seed: seed)
        // The same with walks that end one by one.
        let remembered = Self.run(shape, seed: seed &+ 5_000_003)
        let worked = Self.run(shape, seed: seed &+ 5_000_003, remembers: false)
        #expect(remembered.whole == worked.whole, "seed \(seed): \(shape)")
        #expect(remembered.falseMerges == worked.falseMerges, "seed \(seed): \(shape)")
        #expect(remembered.isComplete)
        // Without conntrack nothing says that one flow of look-alikes lost one packet before its translation and another
        // one after it: as many are left on both sides, in the same order.
        if !shape.sharesLabel || shape.hasConntrack || shape.loss == 0 {
            #expect(remembered.falseMerges == 0, "seed \(seed): \(shape)")
        }
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
