import TestSupport
import Testing
import Wire

@Suite struct TruncationTests {
    @Test(arguments: SampleFrame.all)
    func `a capture cut anywhere says so and keeps what it has`(_ sample: SampleFrame) {
        let whole = headers(of: sample.bytes, as: sample.linkType)
        #expect(whole.flags.isDisjoint(with: [.truncated, .malformed, .labelCutShort]))
        for count in 0..<sample.bytes.count {
            let cut = headers(of: sample.bytes, first: count, as: sample.linkType)
            #expect(cut.flags.contains(.truncated) == (count < sample.headerLength), "\(count) bytes")
            #expect(!cut.flags.contains(.malformed), "\(count) bytes")
            // A label either is the whole packet's or says that it is not.
            if !cut.flags.contains(.labelCutShort), cut.label != 0 {
                #expect(cut.label == whole.label, "\(count) bytes")
            }
            if count >= sample.headerLength {
                var same = cut
                same.label = whole.label
                same.quotedLabel = whole.quotedLabel
                same.udpTransaction = whole.udpTransaction
                same.flags.remove(.labelCutShort)
                #expect(same == whole, "\(count) bytes")
            }
        }
    }

    @Test func `192 bytes hold the label of TCP in IPv6 in VXLAN in IPv6`() {
        let outer = hex(
            """
            02 00 00 00 00 02  02 00 00 00 00 01  86 dd
            60 00 00 00  02 16 11 40                      // payload 534, UDP
            20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
            20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
            c0 00 12 b5  02 16 00 00                      // > 4789
            08 00 00 00  00 00 2a 00
            02 00 00 00 00 12  02 00 00 00 00 11  86 dd
            60 00 00 00  01 d0 06 40                      // payload 464 = 32 + 432, TCP
            fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02
            fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03
            9c a8 01 bb  01 02 03 05  0a 0b 0c 0d  80 18 01 f5  00 00 00 00
            01 01 08 0a  de ad 00 02  11 22 33 44
            """)
        #expect(outer.count == 156)
        let frame = outer + (0..<432).map { UInt8($0 & 255) }
        let whole = headers(of: frame)
        #expect(whole.payloadLength == 432)
        for count in 188..<frame.count {
            let found = headers(of: frame, first: count)
            #expect(found == whole, "\(count) bytes")
        }
        #expect(headers(of: frame, first: 187).flags.contains(.labelCutShort))
        #expect(headers(of: frame, first: 187).label != whole.label)
    }

    @Test func `any lie about the length is survived`() {
        for sample in SampleFrame.all {
            for length in [Int.min, -1, 0, 1, 1 << 40, Int.max] {
                let found = dissect(sample.bytes.span.bytes, linkType: sample.linkType, originalLength: length)
                #expect(!found.flags.contains(.malformed), "\(sample.name) \(length)")
            }
        }
    }

    @Test func `any change of any byte is survived`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for sample in SampleFrame.all {
            for _ in 0..<2000 {
                var frame = sample.bytes
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    frame[Int.random(in: 0..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                let found = headers(
                    of: frame, first: Int.random(in: 0...frame.count, using: &random), as: sample.linkType)
                #expect(Int(found.payloadOffset) <= frame.count, "seed \(seed), \(sample.name)")
            }
        }
    }
}
