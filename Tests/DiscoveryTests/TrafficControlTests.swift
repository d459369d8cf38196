import Netlink
import Testing
import Wire

@testable import Discovery
@testable import Network

/// What the kernel said (Linux 6.18) of the disciplines made by
/// ```
/// tc qdisc add dev v0 root handle 8007: tbf rate 100bit burst 1600 limit 3000
/// tc qdisc add dev v1 root handle 7: pfifo limit 5
/// ```
/// after six packets of 942 bytes had been sent by v0; `tc -s qdisc` says what the tests expect.
@Suite struct TrafficControlTests {
    private static let tokenBucket = [
        "000000000300000000000780ffffffff03000000",  // struct tcmsg: index 3, handle 8007:, TC_H_ROOT
        "0800010074626600",  // TCA_KIND tbf
        "2c0002002800010000010000000000000c000000",  // TCA_OPTIONS, TCA_TBF_PARMS: 12 bytes a second
        "000000000000000000000000b80b0000d4242d7c00000000",  // limit 3000, buffer
        "05000c0000000000",  // TCA_HW_OFFLOAD
        "30000700140001000804000000000000020000000000000018000300",  // TCA_STATS2, TCA_STATS_QUEUE
        "04000000640b0000030000000000000007000000",  // 4 packets, 2916 bytes, 3 dropped
    ]
    private static let fifo = [
        "000000000200000000000700ffffffff03000000",
        "0a000100706669666f000000",  // TCA_KIND pfifo
        "0800020005000000",  // TCA_OPTIONS: limit 5
        "3000070014000100b0000000000000000200000000000000180003000000000000000000000000000000000000000000",
    ]

    private func record(_ lines: [String]) throws -> TrafficControlRecord? {
        let message = RecordedChannel.message(36, RecordedChannel.bytes(lines))
        return TrafficControlRecord(try #require(try NetlinkMessage.split(message).first))
    }

    @Test("a token bucket with its limits, what it holds and what it dropped")
    func tokenBucket() throws {
        let record = try #require(try record(Self.tokenBucket))
        #expect(record.index == 3 && record.kind == "tbf")
        #expect(
            record.queue
                == Link.Queue(
                    handle: "8007:", backlogBytes: 2916, backlogPackets: 4, drops: 3, rate: 12, burst: 1600,
                    limitBytes: 3000))
    }

    @Test func fifo() throws {
        #expect(try record(Self.fifo)?.queue == Link.Queue(handle: "7:", limitPackets: 5))
    }

    @Test("a class's own discipline is not the device's, and noqueue is no queue")
    func others() throws {
        var child = Self.fifo
        child[0] = "000000000200000000000700010001000300" + "0000"
        #expect(try record(child)?.queue == nil)
        #expect(try record(child)?.kind == "pfifo")
        var none = Self.fifo
        none[1] = "0c0001006e6f717565756500"
        #expect(try record(none)?.queue == nil)
    }

    @Test("cut short anywhere it is none, or whole as far as it goes")
    func cutShort() throws {
        let bytes = RecordedChannel.message(36, RecordedChannel.bytes(Self.tokenBucket))
        for length in 16..<bytes.count {
            for message in (try? NetlinkMessage.split(Array(bytes[..<length]))) ?? [] {
                _ = TrafficControlRecord(message)
            }
        }
    }

    @Test("a rate beyond all sense is no trap")
    func hugeRate() throws {
        // TCA_TBF_RATE64 of all ones, within options of its own.
        let lines = [
            Self.tokenBucket[0], Self.tokenBucket[1], "38000200", "28000100" + "00010000000000000c000000",
            "000000000000000000000000b80b0000ffffffff00000000", "0c000400ffffffffffffffff",
        ]
        let queue = try #require(try record(lines)?.queue)
        #expect(queue.rate == .max && queue.burst == .max)
    }
}
