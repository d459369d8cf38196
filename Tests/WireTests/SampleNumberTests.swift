import TestSupport
import Testing

@testable import Wire

/// What a sample is chosen by: the same at every place, for all that belongs together, and evenly spread.
@Suite struct SampleNumberTests {
    private func number(_ frame: [UInt8], as linkType: LinkType = .ethernet) -> SampleNumber {
        frame.withUnsafeBytes {
            SampleNumber(dissect($0.bytes, linkType: linkType, originalLength: $0.count), in: $0.bytes)
        }
    }

    private func value(_ frame: [UInt8]) throws -> UInt32 {
        guard case .number(let value) = number(frame) else {
            Issue.record("it has no number")
            return 0
        }
        return value
    }

    // MARK: The same packet

    @Test func `rewriting what forwarding and NAT rewrite keeps the number`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for (sample, ranges) in LabelTests.rewritten {
            let before = number(sample.bytes)
            #expect(before != .none, "\(sample.name)")
            for _ in 0..<200 {
                var frame = sample.bytes
                for range in ranges {
                    for offset in range { frame[offset] = UInt8.random(in: 0...255, using: &random) }
                }
                #expect(number(frame) == before, "seed \(seed), \(sample.name)")
            }
        }
    }

    @Test func `a tunnel's packet has the number of what it carries`() {
        // Behind Ethernet, IP, UDP and VXLAN headers stands an Ethernet frame of its own.
        #expect(number(SampleFrame.vxlan.bytes) == number(Array(SampleFrame.vxlan.bytes[50...])))
        #expect(number(SampleFrame.ipip.bytes) == number(Array(SampleFrame.ipip.bytes[34...]), as: .raw))
    }

    @Test func `a later fragment goes with its datagram's first`() {
        let headers = headers(of: SampleFrame.laterFragment.bytes)
        #expect(number(SampleFrame.laterFragment.bytes) == .fragment(headers.datagramKey))
    }

    @Test func `what explains many packets is always taken`() {
        #expect(number(SampleFrame.arpRequest.bytes) == .none)
        #expect(number(SampleFrame.neighbourSolicitation.bytes) == .none)
    }

    // MARK: What belongs together

    @Test func `an echo reply has the number of its request, another request has another one`() throws {
        var reply = SampleFrame.ping.bytes
        reply[34] = 0
        reply[18] = 0x77  // IP identification
        #expect(try value(reply) == value(SampleFrame.ping.bytes))
        var next = SampleFrame.ping.bytes
        next[41] += 1
        #expect(try value(next) != value(SampleFrame.ping.bytes))
        var reply6 = SampleFrame.ping6.bytes
        reply6[54] = 129
        #expect(try value(reply6) == value(SampleFrame.ping6.bytes))
    }

    private func segment(
        sequence: UInt32, acknowledgement: UInt32 = 0, flags: UInt8, length: Int, identification: UInt16 = 1
    ) -> [UInt8] {
        func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let total = 40 + length
        return hex("02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00")
            + [UInt8(total >> 8), UInt8(total & 255), UInt8(identification >> 8), UInt8(identification & 255)]
            + hex("40 00 40 06 00 00 ac 13 00 02 c6 33 64 01 9c a8 01 bb")
            + bytes(sequence) + bytes(acknowledgement) + [0x50, flags, 0xfa, 0xf0, 0, 0, 0, 0]
            + [UInt8](repeating: 7, count: min(length, 60))
    }

    private func value(
        sequence: UInt32, acknowledgement: UInt32 = 0, flags: UInt8 = 0x10, length: Int
    ) throws -> UInt32 {
        let frame = segment(sequence: sequence, acknowledgement: acknowledgement, flags: flags, length: length)
        return try frame.withUnsafeBytes {
            let headers = dissect($0.bytes, linkType: .ethernet, originalLength: 54 + length)
            guard case .number(let value) = SampleNumber(headers, in: $0.bytes) else {
                Issue.record("it has no number")
                throw CancellationError()
            }
            return value
        }
    }

    @Test func `what answers a SYN has its number, wherever in the sequence space that is`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for sequence in [0, 1, 0xffff, 0x1_0000, UInt32.max]
            + (0..<500).map({ _ in UInt32.random(in: 0 ... .max, using: &random) })
        {
            let syn = try value(sequence: sequence, flags: 2, length: 0)
            let other = UInt32.random(in: 0 ... .max, using: &random)
            let accepted = try value(sequence: other, acknowledgement: sequence &+ 1, flags: 0x12, length: 0)
            let refused = try value(sequence: 0, acknowledgement: sequence &+ 1, flags: 0x14, length: 0)
            #expect(accepted == syn && refused == syn, "seed \(seed): \(sequence)")
        }
    }

    @Test func `of a packet that is cut all segments are taken that hold a byte of a taken block`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let share = SampleShare(oneOf: 4)
        var takenCount = 0
        for _ in 0..<2000 {
            let start = UInt32.random(in: 0 ... .max, using: &random)
            let length = Int.random(in: 1448...65_000, using: &random)
            let isWholeTaken = try share.takes(value(sequence: start, length: length))
            var isAnyTaken = false
            var offset = 0
            while offset < length {
                let piece = min(1448, length - offset)
                if try share.takes(value(sequence: start &+ UInt32(offset), length: piece)) { isAnyTaken = true }
                offset += piece
            }
            #expect(isAnyTaken == isWholeTaken, "seed \(seed): \(start), \(length) bytes")
            takenCount += isWholeTaken ? 1 : 0
        }
        // Each lies in one block or two.
        #expect((500...1000).contains(takenCount), "seed \(seed): \(takenCount)")
    }

    @Test func `an error has the number of the packet that it quotes`() throws {
        for quoted in [SampleFrame.ping, .tcpSyn, .udp] {
            let packet = Array(quoted.bytes[14...])
            let total = 28 + packet.count
            let error =
                hex("02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 c0") + [UInt8(total >> 8), UInt8(total & 255)]
                + hex("12 34 00 00 40 01 00 00 cb 00 71 01 ac 13 00 02 03 01 00 00 00 00 00 00") + packet
            #expect(try value(error) == value(quoted.bytes), "\(quoted.name)")
        }
    }

    // MARK: The share

    @Test func `each block of the sequence space has a number of its own`() {
        #expect(Set((0...UInt16.max).map { SampleNumber.ofBlock($0) }).count == 65_536)
    }

    /// The share of packets that differ in what `change` changes is within five standard deviations of what was asked for.
    private func checkShare(
        _ name: String, of frame: [UInt8], oneOf: UInt32, _ change: (inout [UInt8], inout SeededGenerator) -> Void
    ) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let share = SampleShare(oneOf: oneOf)
        let count = 60_000
        var taken = 0
        for _ in 0..<count {
            var frame = frame
            change(&frame, &random)
            if share.takes(try value(frame)) { taken += 1 }
        }
        let expected = Double(count) / Double(oneOf)
        let deviation = (expected * (1 - 1 / Double(oneOf))).squareRoot()
        #expect(
            abs(Double(taken) - expected) <= 5 * deviation, "seed \(seed): \(taken) of \(count) \(name), 1/\(oneOf)")
    }

    @Test(arguments: [2, 10, 100] as [UInt32])
    func `the share is that which was asked for, by whatever packets differ`(oneOf: UInt32) throws {
        try checkShare("datagrams by identification", of: SampleFrame.udp.bytes, oneOf: oneOf) { frame, random in
            for offset in 18..<20 { frame[offset] = UInt8.random(in: 0...255, using: &random) }
        }
        try checkShare("echoes by number and first byte", of: SampleFrame.ping.bytes, oneOf: oneOf) { frame, random in
            for offset in 40...42 { frame[offset] = UInt8.random(in: 0...255, using: &random) }
        }
        try checkShare("SYNs by sequence number", of: SampleFrame.tcpSyn.bytes, oneOf: oneOf) { frame, random in
            for offset in 38..<42 { frame[offset] = UInt8.random(in: 0...255, using: &random) }
        }
    }

    @Test func `a coarser share takes nothing that a finer one leaves out`() {
        for (coarse, fine) in [(1000, 100), (65_536, 65_535), (2, 1), (7, 3)] as [(UInt32, UInt32)] {
            #expect(SampleShare(oneOf: coarse).threshold < SampleShare(oneOf: fine).threshold)
        }
        #expect(SampleShare.all.takes(.max) && SampleShare(oneOf: 0) == .all)
        #expect(SampleShare(oneOf: .max).oneOf == 65_536)
    }
}
