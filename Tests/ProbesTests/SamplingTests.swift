import CPcap
import Glibc
import LinuxSystem
import Observations
import TestSupport
import Testing
import Wire

@testable import Probes

/// Which packets a run looks at that does not look at all.
@Suite struct SamplingTests {
    private static let root = String(#filePath.dropLast("/Tests/ProbesTests/SamplingTests.swift".count))

    // MARK: The kernel's half

    @Test("the programs read the threshold; 0 for all")
    func threshold() {
        func threshold(_ filter: KernelFilter) -> UInt32 {
            filter.bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 772, as: UInt32.self) }
        }
        #expect(threshold(.everything) == 0)
        let filter = KernelFilter.everything.sampling(SampleShare(oneOf: 1024))
        #expect(threshold(filter) == 1 << 22)
        #expect(filter.bytes.count == 8968)
        #expect(filter.sampling(.all) == .everything)
    }

    /// Frames of one kind with random contents, of the lengths that are there.
    private static func frames(_ count: Int, _ random: inout SeededGenerator) -> [[UInt8]] {
        (0..<count).map { _ in
            let isIPv6 = Bool.random(using: &random)
            let transport = [UInt8](
                unsafeUninitializedCapacity: Int.random(in: 0...700, using: &random)
            ) { buffer, initialized in
                for index in buffer.indices { buffer[index] = UInt8.random(in: 0...255, using: &random) }
                initialized = buffer.count
            }
            let kinds: [UInt8] = isIPv6 ? [6, 17, 58, 50, 0, 44] : [6, 17, 1, 50, 47, 132]
            let kind = kinds.randomElement(using: &random) ?? 6
            return frame(kind, isIPv6: isIPv6, transport, &random)
        }
    }

    private static func frame(
        _ kind: UInt8, isIPv6: Bool, _ transport: [UInt8], _ random: inout SeededGenerator
    ) -> [UInt8] {
        var transport = transport
        func put(_ value: UInt8, at offset: Int) {
            if offset < transport.count { transport[offset] = value }
        }
        switch kind {
        case 6:
            // Mostly sound data offsets, and flags that are seen.
            put([0x50, 0x80, 0xa0, 0x20].randomElement(using: &random) ?? 0x50, at: 12)
            put([2, 0x12, 0x10, 0x18, 0x14, 4, 0x11].randomElement(using: &random) ?? 0x10, at: 13)
            if Bool.random(using: &random) { transport = Array(transport.prefix(20)) }
        case 17:
            put(UInt8(transport.count >> 8), at: 4)
            put(UInt8(transport.count & 255), at: 5)
            if Int.random(in: 0..<8, using: &random) == 0 {
                for (at, byte) in [(2, 0x12), (3, 0xb5)] { put(UInt8(byte), at: at) }
            }
        case 1: put([0, 8, 3, 11].randomElement(using: &random) ?? 8, at: 0)
        case 58: put([128, 129, 1, 135].randomElement(using: &random) ?? 128, at: 0)
        default: break
        }
        let addresses = (0..<(isIPv6 ? 32 : 8)).map { _ in UInt8.random(in: 0...255, using: &random) }
        var header: [UInt8]
        if isIPv6 {
            header = [0x60, 0, 0, 0, UInt8(transport.count >> 8), UInt8(transport.count & 255), kind, 64] + addresses
        } else {
            let total = 20 + transport.count
            let fragment: UInt8 = [0x40, 0, 0, 0x20, 0x01].randomElement(using: &random) ?? 0
            header = [
                0x45, 0, UInt8(total >> 8), UInt8(total & 255), UInt8.random(in: 0...255, using: &random), 7, fragment,
                0,
                64, kind, 0, 0,
            ]
            header += addresses
        }
        // Ethernet pads what is too short, and the padding counts for nothing.
        let padding = Int.random(in: 0..<4, using: &random) == 0 ? [9, 9, 9, 9, 9, 9] as [UInt8] : []
        return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, isIPv6 ? 0x86 : 0x08, isIPv6 ? 0xdd : 0x00] + header + transport
            + padding
    }

    /// The frames of `fixtures/wire/mixed.pcap` that are whole.
    private static func recordedFrames() throws -> [[UInt8]] {
        let file = try readFile("\(root)/fixtures/wire/mixed.pcap")
        var frames: [[UInt8]] = []
        var offset = 24
        func number(at offset: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
        }
        while offset + 16 <= file.count {
            let (captured, length) = (number(at: offset + 8), number(at: offset + 12))
            if captured == length { frames.append(Array(file[(offset + 16)..<(offset + 16 + captured)])) }
            offset += 16 + captured
        }
        return frames
    }

    private final class Counter { var count = 0 }

    private static func isSeen(_ frame: [UInt8], by probe: SightingProbe) throws -> Bool {
        let counter = Counter()
        try probe.show(frame)
        _ = probe.consume(
            limit: 1024,
            { context, _, _ in
                guard let context else { return }
                Unmanaged<Counter>.fromOpaque(context).takeUnretainedValue().count += 1
            }, Unmanaged.passUnretained(counter).toOpaque())
        return counter.count > 0
    }

    /// Whether the programs leave the decision about a packet to the reader.
    private static func isLeft(_ headers: PacketHeaders, _ frame: [UInt8]) -> Bool {
        if headers.isFragment || headers.tunnelKind != .none || headers.flags.contains(.quotesPacket) { return true }
        if !headers.flags.isDisjoint(with: [.malformed, .truncated]) { return true }
        // The kernel takes a tag off before the programs see the packet, but not from what a test shows them.
        if headers.vlan != 0 { return true }
        if headers.network == .ipv6, frame[20] != headers.ipProtocol.rawValue { return true }
        // Whoever asks at a tunnel's port may carry something.
        let mayBeTunnel =
            headers.ipProtocol == .udp
            && !Set(PacketHeaders.tunnelPorts).isDisjoint(with: [headers.sourcePort, headers.destinationPort])
        return mayBeTunnel || ![.tcp, .udp, .icmp, .icmpv6].contains(headers.ipProtocol)
            || headers.ipProtocol == .icmp && !headers.isEcho || headers.ipProtocol == .icmpv6 && !headers.isEcho
    }

    @Test(
        "the programs choose what Swift chooses", .enabled(if: isProbeUsable, "it takes root and a kernel with BTF"),
        arguments: [2, 10])
    func sameChoice(oneOf: UInt32) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let probe = try SightingProbe(hookPoints: 0, seesDevices: true)
        let share = SampleShare(oneOf: oneOf)
        try probe.set(KernelFilter.everything.sampling(share))
        var decided = 0
        var taken = 0
        let recorded = try Self.recordedFrames()
        #expect(recorded.count > 100)
        for frame in recorded + Self.frames(6000, &random) {
            // Longer than what the kernel shows a program as one piece.
            guard frame.count <= 1500 else { continue }
            let isSeen = try Self.isSeen(frame, by: probe)
            let (isTaken, isLeft) = frame.withUnsafeBytes { bytes in
                let headers = dissect(bytes.bytes, linkType: .ethernet, originalLength: bytes.count)
                var sampler = PacketSampler(share)
                return (sampler.takes(headers, in: bytes.bytes), Self.isLeft(headers, frame))
            }
            if isLeft {
                // Whatever the reader may take must come to it.
                #expect(isSeen, "seed \(seed): \(frame)")
            } else {
                #expect(isSeen == isTaken, "seed \(seed): \(frame)")
                decided += 1
                taken += isTaken ? 1 : 0
            }
        }
        // Neither all nor none.
        #expect(
            decided > 1000 && taken > decided / Int(oneOf) / 3 && taken < decided * 9 / 10, "seed \(seed): \(taken)")
    }

    /// Whether a capture's filter hands a packet over.
    private static func isGiven(_ packet: [UInt8], by program: inout [bpf_insn]) -> Bool {
        var header = pcap_pkthdr()
        header.caplen = bpf_u_int32(packet.count)
        header.len = header.caplen
        return program.withUnsafeMutableBufferPointer { instructions in
            var whole = bpf_program(bf_len: UInt32(instructions.count), bf_insns: instructions.baseAddress)
            return pcap_offline_filter(&whole, &header, packet) != 0
        }
    }

    @Test(
        "a capture's filter leaves out what Swift does, as far as it can tell", arguments: [2, 10, 65_536] as [UInt32])
    func sameChoiceByCaptures(oneOf: UInt32) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let share = SampleShare(oneOf: oneOf)
        var decided: [IPProtocol: (all: Int, given: Int)] = [:]
        for frame in try Self.recordedFrames() + Self.frames(20_000, &random) {
            for linkType in [LinkType.ethernet, .raw] {
                // A packet of a device without link-layer headers begins with IP.
                if linkType == .raw, ![[8, 0], [0x86, 0xdd]].contains(Array(frame[12..<14])) { continue }
                let packet = linkType == .raw ? Array(frame[14...]) : frame
                var program = SampleProgram(
                    [], share: share, linkType: linkType, tunnelPorts: PacketHeaders.tunnelPorts
                ).instructions
                let isGiven = Self.isGiven(packet, by: &program)
                let headers = packet.withUnsafeBytes {
                    dissect($0.bytes, linkType: linkType, originalLength: $0.count)
                }
                var sampler = PacketSampler(share)
                let isTaken = packet.withUnsafeBytes { sampler.takes(headers, in: $0.bytes) }
                // Whatever the reader may take must come to it.
                #expect(isGiven || !isTaken, "seed \(seed): \(packet)")
                let hasHash = headers.ipProtocol == .tcp || headers.payloadLength >= 32
                // A header with options is left to the reader.
                guard frame[14] == 0x45, !Self.isLeft(headers, frame), hasHash else { continue }
                #expect(isGiven == isTaken, "seed \(seed): \(packet)")
                decided[headers.ipProtocol, default: (0, 0)].all += 1
                decided[headers.ipProtocol, default: (0, 0)].given += isGiven ? 1 : 0
            }
        }
        for ipProtocol in [IPProtocol.tcp, .udp, .icmp] {
            let (all, given) = decided[ipProtocol] ?? (0, 0)
            #expect(all > 500, "seed \(seed): \(ipProtocol)")
            if oneOf <= 10 { #expect(given > all / Int(oneOf) / 3 && given < all * 9 / 10, "seed \(seed): \(given)") }
        }
    }

    @Test("what the filter does not want is left out, whatever the sample")
    func filterBeforeSample() throws {
        var compiled = bpf_program()
        let handle = try #require(pcap_open_dead(DLT_EN10MB, 262_144))
        defer { pcap_close(handle) }
        try #require(pcap_compile(handle, &compiled, "udp or tcp port 80", 1, 0) == 0)
        defer { pcap_freecode(&compiled) }
        let coarse = Array(UnsafeBufferPointer(start: compiled.bf_insns, count: Int(compiled.bf_len)))
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var counts = [0, 0, 0]
        for frame in Self.frames(5000, &random) {
            var filter = coarse
            var choice = SampleProgram([], share: SampleShare(oneOf: 3), linkType: .ethernet, tunnelPorts: [])
                .instructions
            var both = SampleProgram(coarse, share: SampleShare(oneOf: 3), linkType: .ethernet, tunnelPorts: [])
                .instructions
            let (isWanted, isChosen) = (Self.isGiven(frame, by: &filter), Self.isGiven(frame, by: &choice))
            #expect(Self.isGiven(frame, by: &both) == (isWanted && isChosen), "seed \(seed): \(frame)")
            counts[isWanted ? isChosen ? 2 : 1 : 0] += 1
        }
        #expect(counts.allSatisfy { $0 > 100 }, "seed \(seed): \(counts)")
        let all = SampleProgram(coarse, share: .all, linkType: .ethernet, tunnelPorts: []).instructions
        #expect(all.count == coarse.count)
    }

    // MARK: The reader's half

    private func fragment(offset: UInt8, more: Bool, identification: UInt8, first: UInt8) -> [UInt8] {
        [0x45, 0, 0, 60, 0, identification, more ? 0x20 : 0, offset, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
            + [first, 1, 2, 3, 0, 100, 0, 0] + [UInt8](repeating: first, count: 32)
    }

    @Test("later fragments are taken with the first one, and never alone")
    func fragments() {
        var sampler = PacketSampler(SampleShare(oneOf: 2))
        func takes(_ packet: [UInt8]) -> Bool {
            packet.withUnsafeBytes {
                sampler.takes(
                    dissect($0.bytes, linkType: .raw, originalLength: $0.count), in: $0.bytes)
            }
        }
        #expect(!takes(fragment(offset: 5, more: false, identification: 250, first: 0)))
        var taken = 0
        for number in 1...200 as ClosedRange<UInt8> {
            let isTaken = takes(fragment(offset: 0, more: true, identification: number, first: number))
            #expect(takes(fragment(offset: 5, more: false, identification: number, first: 0)) == isTaken)
            taken += isTaken ? 1 : 0
        }
        #expect((60...140).contains(taken))
    }

    // MARK: Limits

    /// A second of packets, looked at a hundred times. `rate`: of those that are in the share that was asked for.
    private func run(
        _ limit: inout LoadLimit, rate: Int, from time: inout Int64, count: inout UInt64
    ) -> [LoadLimit.Change] {
        (0..<100).compactMap { _ in
            time += 10_000_000
            count += UInt64(rate / 100) * UInt64(limit.asked.oneOf) / UInt64(limit.share.oneOf)
            return limit.look(count: count, packetTime: time, fullness: 0, now: time)
        }
    }

    @Test("beyond the rate fewer packets are looked at, by powers of two, and more again when it has been calm")
    func rate() throws {
        var limit = LoadLimit(asked: .all, rate: 10_000)
        var time: Int64 = 1_000_000_000
        var count: UInt64 = 0
        #expect(run(&limit, rate: 9_000, from: &time, count: &count).isEmpty)
        limit = LoadLimit(asked: .all, rate: 10_000)
        let changes = run(&limit, rate: 35_000, from: &time, count: &count)
        let change = try #require(changes.first)
        #expect(change.share == SampleShare(oneOf: 4) && change.reason == .rate && changes.count == 1)
        var calm: [LoadLimit.Change] = []
        for _ in 0..<4 { calm += run(&limit, rate: 500, from: &time, count: &count) }
        #expect(calm.isEmpty)
        for _ in 0..<20 { calm += run(&limit, rate: 500, from: &time, count: &count) }
        #expect(calm.last?.share == .all && calm.allSatisfy { $0.reason == nil })
        #expect(calm.count <= 4)
    }

    @Test(
        "after a flood all is looked at again in few steps, as far as what goes on allows", arguments: [10, 2400, 9000])
    func afterFlood(rate: Int) {
        var limit = LoadLimit(asked: .all, rate: 10_000)
        var time: Int64 = 1_000_000_000
        var count: UInt64 = 0
        #expect(run(&limit, rate: 500_000, from: &time, count: &count).last?.share == SampleShare(oneOf: 64))
        var changes: [UInt32] = []
        for _ in 0..<40 { changes += run(&limit, rate: rate, from: &time, count: &count).map(\.share.oneOf) }
        // No step may lead to more than a quarter of the limit, 2500 a second.
        switch rate {
        case 10: #expect(changes == [8, 1])
        case 2400: #expect(changes == [8, 1])
        default: #expect(changes == [8, 4])
        }
    }

    @Test("a share that was asked for is the finest")
    func asked() {
        var limit = LoadLimit(asked: SampleShare(oneOf: 10), rate: 10_000)
        var time: Int64 = 1_000_000_000
        var count: UInt64 = 0
        #expect(run(&limit, rate: 15_000, from: &time, count: &count).first?.share == SampleShare(oneOf: 20))
        var last: SampleShare?
        for _ in 0..<20 { last = run(&limit, rate: 10, from: &time, count: &count).last?.share ?? last }
        #expect(last == SampleShare(oneOf: 10))
    }

    @Test("without a rate none is too high; memory counts nevertheless")
    func memory() {
        var limit = LoadLimit(asked: .all, rate: nil)
        var time: Int64 = 1_000_000_000
        var count: UInt64 = 0
        #expect(run(&limit, rate: 50_000_000, from: &time, count: &count).isEmpty)
        let change = limit.look(count: count, packetTime: time, fullness: 0.6, now: time)
        #expect(change?.share == SampleShare(oneOf: 2) && change?.reason == .memory)
        // It takes a while to show.
        #expect(limit.look(count: count, packetTime: time, fullness: 0.6, now: time + 1) == nil)
        #expect(limit.look(count: count, packetTime: time, fullness: 0.6, now: time + 600_000_000) != nil)
    }
}

private let isProbeUsable = geteuid() == 0 && (try? SightingProbe(hookPoints: 0, seesDevices: true)) != nil
