import Testing
import Wire

@testable import Probes

/// An echo reply as a router's prerouting hook logged it, read from the socket of a kernel 6.18.
private let recorded: [UInt8] = bytes(
    """
    d8000000 0004 0000 00000000 00000000  // struct nlmsghdr: 216 B, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET
    02 00 59e7                            // struct nfgenmsg: AF_INET, version 0, group 23015
    0800 0100 0800 00 00                  // NFULA_PACKET_HDR: IPv4, NF_INET_PRE_ROUTING
    0900 0a00 70773a3000 000000           // NFULA_PREFIX: "pw:0", padded
    0800 0400 00000002                    // NFULA_IFINDEX_INDEV: 2
    1000 0800 0006 0000 1e32c6903bd0 0000 // NFULA_HWADDR
    0600 0f00 0001 0000                   // NFULA_HWTYPE: Ethernet
    0600 1100 000e 0000                   // NFULA_HWLEN: 14
    1200 1000 bad840a19761 1e32c6903bd0 0800 0000  // NFULA_HWHEADER
    1400 0300 000000006b04d930 000000000001e925    // NFULA_TIMESTAMP: 1795479856 s, 125221 µs
    0800 0c00 00000004                    // NFULA_SEQ: 4
    5800 0900 45000054 545a0000 3f013b18 c6336402 c0000201 000041ed 1a130001
    30d9046b 00000000 aee70100 00000000 10111213 14151617 18191a1b 1c1d1e1f
    20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637
    """)

private func bytes(_ annotated: String) -> [UInt8] {
    var digits = ""
    for line in annotated.split(separator: "\n") {
        var text = line
        if let comment = line.firstRange(of: "//") { text = line[..<comment.lowerBound] }
        digits += text.filter(\.isHexDigit)
    }
    return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
}

private struct Packet {
    var message: NFLOGMessage
    var prefix: [UInt8]
    var payload: [UInt8]
}

private func read(_ datagram: [UInt8]) -> [Packet] {
    var packets: [Packet] = []
    NFLOGDatagram.forEachPacket(in: datagram[...]) { message, bytes in
        packets.append(
            Packet(message: message, prefix: Array(bytes[message.prefix]), payload: Array(bytes[message.payload])))
    }
    return packets
}

@Suite struct NFLOGDatagramTests {
    @Test func readsEveryFieldOfARecordedMessage() throws {
        #expect(recorded.count == 216)
        let packets = read(recorded)
        #expect(packets.count == 1)
        let packet = try #require(packets.first)
        #expect(packet.message.group == 23015)
        #expect(packet.message.hook == 0)
        #expect(packet.message.hardwareProtocol == 0x0800)
        #expect(packet.message.inDevice == 2)
        #expect(packet.message.outDevice == 0)
        #expect(packet.message.timestampNanoseconds == 1_795_479_856_125_221_000)
        #expect(packet.message.sequence == 4)
        #expect(packet.payload.count == 84)
        #expect(packet.payload.first == 0x45)
        #expect(packet.prefix == Array("pw:0".utf8))
    }

    @Test func readsSeveralMessagesOfOneDatagram() {
        #expect(read(recorded + recorded + recorded).count == 3)
    }

    @Test func passesOverWhatIsNoPacket() {
        // An acknowledgement of the socket's own configuration.
        let granted = bytes("24000000 0200 0000 00000000 00000000 00000000 1c000000 0104 0500 00000000 00000000")
        #expect(read(granted + recorded).count == 1)
    }

    @Test func readsMarkAndBridgePorts() throws {
        let datagram = bytes(
            """
            34000000 0004 0000 00000000 00000000
            02 00 0001
            0800 0200 0000002a   // NFULA_MARK: 42
            0800 0600 00000007   // NFULA_IFINDEX_PHYSINDEV: 7
            0800 0700 00000008   // NFULA_IFINDEX_PHYSOUTDEV: 8
            0800 0500 00000003   // NFULA_IFINDEX_OUTDEV: 3
            """)
        let message = try #require(read(datagram).first).message
        #expect(message.mark == 42)
        #expect(message.physicalInDevice == 7)
        #expect(message.physicalOutDevice == 8)
        #expect(message.outDevice == 3)
        #expect(message.timestampNanoseconds == nil)
        #expect(message.sequence == nil)
    }

    @Test func endsAtAnyCutWithoutHarm() {
        for count in 0..<recorded.count {
            #expect(read(Array(recorded[..<count])).isEmpty)
        }
    }

    @Test func refusesLengthsThatLeadOutside() {
        var longer = recorded
        longer[0] = 0xff  // the message says 255 B
        #expect(read(longer).isEmpty)
        var attribute = recorded
        attribute[128] = 0xff  // NFULA_PAYLOAD says it is longer than the message
        #expect(read(attribute).isEmpty)
        var empty = recorded
        empty[20] = 0  // an attribute shorter than its own header would never end
        empty[21] = 0
        #expect(read(empty).isEmpty)
    }

    @Test func takesNoTimeThatNanosecondsCannotHold() throws {
        var far = recorded
        for index in 104..<120 { far[index] = 0xff }
        let message = try #require(read(far).first).message
        #expect(message.sequence == 4)
        #expect(message.timestampNanoseconds == nil)
    }

    @Test func anyBytesAreSafe() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        for _ in 0..<20_000 {
            var hostile = recorded + recorded
            for _ in 0..<Int(random.next() % 8 + 1) {
                hostile[Int(random.next() % UInt64(hostile.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            NFLOGDatagram.forEachPacket(in: hostile[...]) { message, bytes in
                #expect(message.payload.upperBound <= bytes.count, "seed \(seed)")
                #expect(message.prefix.upperBound <= bytes.count, "seed \(seed)")
            }
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

@Suite struct NFLOGSourceTests {
    private func point(_ prefix: String) -> Int? {
        Array(prefix.utf8).withUnsafeBytes { NFLOGSource.pointNumber($0[...]) }
    }

    @Test func knowsItsOwnPrefixes() {
        #expect(point("\(NFLOGSource.prefixStart)0") == 0)
        #expect(point("pw:0") == nil)
        #expect(point("\(NFLOGSource.prefixStart)17") == 17)
        #expect(point("\(NFLOGSource.prefixStart)") == nil)
        #expect(point("\(NFLOGSource.prefixStart)1x") == nil)
        #expect(point("\(NFLOGSource.prefixStart)12345") == nil)
        #expect(point("DROP: 1") == nil)
        #expect(point("") == nil)
    }

    @Test func anArrivalTimeIsTheEndOfItsMicrosecond() throws {
        var message = try #require(read(recorded).first).message
        message.timestampNanoseconds = 5000
        #expect(NFLOGSource.time(of: message, readAt: 1_000_000) == 5999)
        #expect(NFLOGSource.time(of: message, readAt: 5500) == 5500)
        message.timestampNanoseconds = nil
        #expect(NFLOGSource.time(of: message, readAt: 77) == 77)
    }

    @Test func theHeaderTellsTheLengthThatWasCutOff() {
        func length(_ packet: [UInt8]) -> Int { packet.withUnsafeBytes { NFLOGSource.originalLength($0) } }
        #expect(length([0x45, 0, 0x05, 0xdc, 0, 0]) == 1500)
        #expect(length([0x60, 0, 0, 0, 0x01, 0x00]) == 296)
        #expect(length([0x45, 0, 0, 0, 0, 0, 0, 0]) == 8)  // a length of 0: what is there
        #expect(length([0x45]) == 1)
        #expect(length([]) == 0)
    }
}

@Suite struct SequenceCounterTests {
    @Test func countsGaps() {
        var counter = SequenceCounter()
        for number: UInt32 in [7, 8, 9] { counter.see(number) }
        #expect(counter.take() == 0)
        counter.see(12)  // 10 and 11
        #expect(counter.take() == 2)
        #expect(counter.take() == 0)
    }

    @Test func goesRoundWithoutLoss() {
        var counter = SequenceCounter()
        counter.see(.max)
        counter.see(0)
        #expect(counter.take() == 0)
    }

    @Test func anOverrunIsToldBeforeItsExtentIsKnownAndNotTwice() {
        var counter = SequenceCounter()
        counter.see(1)
        counter.overrun()
        #expect(counter.take() == 1)
        counter.see(12)  // ten were lost, one of them told already
        #expect(counter.take() == 9)
        #expect(counter.take() == 0)
    }

    @Test func anOverrunWithItsGapIsTheGap() {
        var counter = SequenceCounter()
        counter.see(1)
        counter.overrun()
        counter.see(5)
        #expect(counter.take() == 3)
    }
}

@Suite struct NFLOGBatchingTests {
    /// How many messages are gathered after spans with these rates.
    private func thresholds(_ rates: [Int]) -> [UInt32] {
        var batching = NFLOGSocket.Batching.immediate
        return rates.map {
            batching = batching.following(perSecond: $0)
            return batching.threshold
        }
    }

    @Test func `as many as come in a millisecond, in powers of two`() {
        #expect(thresholds([0, 1999, 2000, 3999, 4000, 70_000, 128_000, 5_000_000]) == [1, 1, 2, 2, 4, 64, 128, 128])
    }

    @Test func `a rate that goes down somewhat changes nothing`() {
        #expect(thresholds([16_000, 8000, 7999, 100]) == [16, 16, 4, 1])
    }

    @Test func `there is room for all of them, and no more for one than it takes`() {
        #expect(NFLOGSocket.Batching.immediate.size == 1024)
        #expect(NFLOGSocket.Batching.immediate.following(perSecond: 64_000).size == 32_768)
    }
}
