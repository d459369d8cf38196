import TestSupport
import Testing
import Wire

/// The label's promise: the same behind forwarding and NAT, another for another packet.
@Suite struct LabelTests {
    /// What a router or NAT rewrites, as byte ranges of each sample.
    static let rewritten: [(SampleFrame, [Range<Int>])] = [
        (.ping, [0..<12, 15..<16, 22..<23, 24..<34, 36..<40]),
        (.tcpSyn, [0..<12, 15..<16, 22..<23, 24..<34, 34..<38, 50..<52, 56..<58]),
        (.tcpData, [0..<12, 15..<16, 22..<23, 24..<34, 34..<38, 50..<52]),
        (.udp, [0..<12, 15..<16, 22..<23, 24..<34, 34..<38, 40..<42]),
        (.laterFragment, [0..<12, 15..<16, 22..<23, 24..<34]),
        (.firstFragment, [0..<12, 15..<16, 22..<23, 24..<34, 34..<38, 40..<42]),
        (.ping6, [0..<12, 21..<54, 56..<60]),
        (.sctp, [0..<12, 15..<16, 22..<23, 24..<34, 34..<38, 42..<46]),
        // In an ICMP error the quotation is rewritten as well.
        (
            .fragmentationNeeded,
            [0..<12, 15..<16, 22..<23, 24..<34, 36..<38, 43..<44, 50..<51, 52..<62, 62..<66, 68..<70]
        ),
        (.packetTooBig, [0..<12, 21..<54, 56..<58, 69..<102, 104..<108]),
    ]

    /// What makes another packet: each of these bytes changed alone.
    private static let identifying: [(SampleFrame, [Range<Int>])] = [
        (.ping, [18..<20, 34..<36, 40..<74]),
        (.tcpSyn, [18..<20, 38..<46, 47..<48, 62..<66]),
        (.tcpData, [18..<20, 38..<46, 47..<48, 58..<62, 66..<72]),
        (.udp, [18..<20, 42..<45]),
        (.laterFragment, [18..<20, 21..<22, 34..<50]),
        (.ping6, [54..<56, 60..<70]),
        (.fragment6, [56..<57, 58..<70]),
        (.sctp, [18..<20, 38..<42, 46..<66]),
        (.fragmentationNeeded, [18..<20, 34..<36, 40..<42, 44..<48]),
        (.arpRequest, [21..<42]),
        (.neighbourSolicitation, [22..<54, 62..<86]),
    ]

    @Test func `rewriting what forwarding and NAT rewrite keeps the label`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for (sample, ranges) in Self.rewritten {
            let label = headers(of: sample.bytes).label
            for _ in 0..<200 {
                var frame = sample.bytes
                for range in ranges {
                    for offset in range { frame[offset] = UInt8.random(in: 0...255, using: &random) }
                }
                let found = headers(of: frame)
                #expect(found.label == label, "seed \(seed), \(sample.name)")
                #expect(found.datagramKey == headers(of: sample.bytes).datagramKey, "seed \(seed), \(sample.name)")
            }
        }
    }

    @Test func `changing any identifying byte changes the label`() {
        for (sample, ranges) in Self.identifying {
            let label = headers(of: sample.bytes).label
            for offset in ranges.joined() {
                for bit in 0..<8 {
                    var frame = sample.bytes
                    frame[offset] ^= 1 << bit
                    #expect(headers(of: frame).label != label, "\(sample.name), byte \(offset), bit \(bit)")
                }
            }
        }
    }

    @Test func `a payload's length counts beyond its hashed bytes`() {
        let payload = [UInt8](repeating: 0, count: 600)
        func packet(_ payloadLength: Int) -> [UInt8] {
            let total = 28 + payloadLength
            return hex("45 00") + [UInt8(total >> 8), UInt8(total & 255)]
                + hex("00 00 40 00 40 11 00 00 ac 13 00 02 c6 33 64 01  13 89 13 8a")
                + [UInt8((payloadLength + 8) >> 8), UInt8((payloadLength + 8) & 255), 0, 0]
                + payload.prefix(payloadLength)
        }
        let labels = Set((0...600).map { headers(of: packet($0), as: .raw).label })
        #expect(labels.count == 601)
    }

    @Test func `200,000 numbered packets have 200,000 labels`() {
        var labels: Set<UInt64> = []
        var frame = SampleFrame.ping.bytes
        for number in 0..<200_000 {
            frame[18] = UInt8(truncatingIfNeeded: number >> 8)  // IPv4 identification
            frame[19] = UInt8(truncatingIfNeeded: number)
            frame[45] = UInt8(truncatingIfNeeded: number >> 16)  // payload
            let packet = frame
            labels.insert(dissect(packet.span.bytes, linkType: .ethernet, originalLength: 98).label)
        }
        #expect(labels.count == 200_000)
    }

    @Test func `labels are part of the recording format`() {
        // Worked out by fixtures/wire/label.py, which follows the label's description and not this code.
        #expect(headers(of: SampleFrame.ping.bytes).label == 0x8720_afeb_4a8b_8400)
        #expect(headers(of: SampleFrame.tcpData.bytes).label == 0x8ae0_1ebb_612c_5671)
        #expect(headers(of: SampleFrame.udp.bytes).label == 0xe26d_3f45_aa6c_e065)
    }
}
