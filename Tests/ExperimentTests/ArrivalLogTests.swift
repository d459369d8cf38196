import Probes
import Testing
import Wire

@testable import Experiment

@Suite("The label of a packet that arrives")
struct ArrivalLogTests {
    private static let label = PacketLabel(0x0102)
    /// 0x9d 0x5a 0x77 0xc6, and the number.
    private static let bytes: [UInt8] = [0x9d, 0x5a, 0x77, 0xc6, 1, 2]

    private static func segment(flags: UInt8, sequence: [UInt8] = [0, 0, 0, 1], payload: [UInt8] = []) -> [UInt8] {
        [0x10, 0, 0, 80] + sequence + [0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0] + payload
    }

    @Test("is in the payload of an echo request and of a datagram, and of no echo reply")
    func payload() {
        let icmp: Int32 = 1
        #expect(Self.label.bytes == Self.bytes)
        #expect(ArrivalLog.label(of: [8, 0, 0, 0, 9, 9, 0, 1] + Self.bytes, icmp)?.0 == Self.label)
        #expect(ArrivalLog.label(of: [0, 0, 0, 0, 9, 9, 0, 1] + Self.bytes, icmp) == nil)
        #expect(ArrivalLog.label(of: [128, 0, 0, 0, 9, 9, 0, 1] + Self.bytes, 58)?.0 == Self.label)
        #expect(ArrivalLog.label(of: [0, 1, 0, 53, 0, 14, 0, 0] + Self.bytes, 17)?.0 == Self.label)
        #expect(ArrivalLog.label(of: [0, 1, 0, 53, 0, 14, 0, 0, 1, 2, 3, 4, 5, 6], 17) == nil)
        #expect(ArrivalLog.label(of: [0, 1, 0, 53], 17) == nil)
    }

    @Test("is the first sequence number of a SYN, and the data behind it")
    func tcp() {
        let syn = ArrivalLog.label(of: Self.segment(flags: 2, sequence: [0x9d, 0x5a, 1, 2]), 6)
        #expect(syn?.0 == Self.label && syn?.isData == false)
        #expect(ArrivalLog.label(of: Self.segment(flags: 0x12, sequence: [0x9d, 0x5a, 1, 2]), 6) == nil)
        let data = ArrivalLog.label(of: Self.segment(flags: 0x18, payload: Self.bytes), 6)
        #expect(data?.0 == Self.label && data?.isData == true)
        #expect(ArrivalLog.label(of: Self.segment(flags: 0x10), 6) == nil)
    }

    @Test("a segment of an open connection has a checksum over all of it")
    func checksum() throws {
        let (source, destination) = (try #require(IPAddress("10.0.0.1")), try #require(IPAddress("10.0.0.2")))
        let segment = ConnectionSegment.bytes(from: source, 1024, to: destination, 80, [1, 2, 3])
        #expect(segment.count == 23)
        // With its checksum in it the sum is all ones (RFC 1071): 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6 + 23 of the pseudo header.
        var sum: UInt32 = 0x0a00 + 1 + 0x0a00 + 2 + 6 + 23
        for index in stride(from: 0, to: 24, by: 2) {
            sum += UInt32(segment[index]) << 8 | (index + 1 < 23 ? UInt32(segment[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        #expect(sum == 0xffff)
    }
}
