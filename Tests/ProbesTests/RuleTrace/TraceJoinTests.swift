import Observations
import Testing
import Network
import Wire

@testable import Probes

@Suite struct TraceJoinTests {
    private let join = TraceJoin()
    private let intake = Intake(holdNanoseconds: 0)
    private let point = VantagePoint(
        namespace: "host", kind: .netfilter, hook: .input, stage: .filter, edge: .before, linkType: .raw)
    private let packet = RecordedTrace.bytes(RecordedTrace.packet)
    private static let start: Int64 = 1_000_000_000_000

    init() { join.watch("host") }

    private func see(_ bytes: [UInt8], at time: Int64, namespace: String = "host") {
        var observed = point
        observed.namespace = namespace
        let headers = dissect(bytes.span.bytes, linkType: .raw, originalLength: bytes.count)
        let observation = Observation(
            timeNanoseconds: Self.start + time, vantage: intake.vantage(observed), clock: .arrival, headers: headers)
        join.see(observation, at: intake.registry, bytes: bytes.span.bytes)
    }

    private func trace(_ bytes: [UInt8], at time: Int64) {
        let event = RuleEvent(
            timeNanoseconds: Self.start + time, namespace: "host",
            reference: .init(family: "inet", table: "fw", chain: "in"), verdict: "accept",
            headers: PacketHeadersRecord(PacketHeaders()))
        // What a trace carries: 20 bytes of the IP header, 20 of what follows.
        let key = HeaderKey(
            network: bytes.span.bytes.extracting(0..<20), transport: bytes.span.bytes.extracting(20..<40))
        join.add(event, key: key)
    }

    private func released(upTo time: Int64) -> [RuleEvent] {
        join.release(readUpTo: Self.start + time, into: intake)
        return intake.release(readUpTo: .max / 2).events.compactMap {
            if case .rule(let event) = $0 { event } else { nil }
        }
    }

    private var label: UInt64 { dissect(packet.span.bytes, linkType: .raw, originalLength: 84).label }

    @Test func `a traced rule gets label and time of its packet's sighting, which may come later`() throws {
        trace(packet, at: 300)
        #expect(released(upTo: 400).isEmpty)
        see(packet, at: 100)
        let event = try #require(released(upTo: 500).first)
        #expect(event.headers.label == label && label != 0)
        #expect(event.timeNanoseconds == Self.start + 100)
    }

    @Test func `a packet that nobody saw leaves its rules without label`() throws {
        trace(packet, at: 300)
        let event = try #require(released(upTo: 100_000_000).first)
        #expect(event.headers.label == 0 && join.unknown == 1)
    }

    @Test func `a packet of another namespace is another`() throws {
        join.watch("wan")
        see(packet, at: 100, namespace: "wan")
        trace(packet, at: 300)
        #expect(released(upTo: 100_000_000).first?.headers.label == 0)
    }

    @Test func `two packets that show the same headers are not guessed at`() throws {
        // They differ behind what a trace carries.
        var other = packet
        other[50] ^= 0xff
        see(packet, at: 100)
        see(other, at: 200)
        trace(packet, at: 300)
        #expect(released(upTo: 100_000_000).first?.headers.label == 0)
    }

    @Test func `of a segment that is sent again with the same headers each rule is of the one that was seen last`()
        throws
    {
        // The timestamps of TCP differ behind what a trace carries; IPv6 has no identification.
        var again = packet
        again[50] ^= 0xff
        let other = dissect(again.span.bytes, linkType: .raw, originalLength: 84).label
        see(packet, at: 0)
        trace(packet, at: 1_000_000)
        see(again, at: 207_000_000)
        trace(packet, at: 208_000_000)
        #expect(released(upTo: 300_000_000).map(\.headers.label) == [label, other])
    }

    @Test func `neither another identifier nor another port is the same packet`() throws {
        for offset in [5, 15, 25] {
            var other = packet
            other[offset] ^= 0xff
            see(other, at: 100)
        }
        trace(packet, at: 300)
        #expect(released(upTo: 100_000_000).first?.headers.label == 0)
    }

    /// What the drop probe reports of a packet, of which it could read `count` bytes.
    private func record(of bytes: [UInt8], read count: Int) -> DropRecord? {
        var record = [UInt8](repeating: 0, count: 112 + 192)
        func set<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
            withUnsafeBytes(of: value) { record.replaceSubrange(offset..<offset + $0.count, with: $0) }
        }
        set(UInt64(Self.start) + 350, at: 0)
        set(UInt32(6), at: 16)
        set(UInt32(bytes.count), at: 32)
        set(UInt16(0x0800), at: 36)
        set(UInt16(count), at: 38)
        record.replaceSubrange(112..<112 + count, with: bytes[..<count])
        return DropRecord(record.span.bytes)
    }

    @Test func `a drop whose payload lay out of reach gets the label of its packet's sighting, and keeps its time`()
        throws
    {
        // Headers alone, as of a TCP packet that sendmsg(2) made: its payload lies in pages.
        let dropped = try #require(record(of: packet, read: 40))
        let key = try #require(dropped.keyOfUnread)
        #expect(dropped.headers.label != label)
        let event = DropEvent(
            timeNanoseconds: Self.start + 350, namespace: "host", reason: "NETFILTER_DROP",
            headers: PacketHeadersRecord(dropped.headers))
        see(packet, at: 100)
        #expect(join.add(event, key: key))
        join.release(readUpTo: Self.start + 360, into: intake)
        let drops = intake.release(readUpTo: .max / 2).events.compactMap { event -> DropEvent? in
            if case .drop(let drop) = event { drop } else { nil }
        }
        #expect(drops.map(\.headers.label) == [label])
        #expect(drops.map(\.timeNanoseconds) == [Self.start + 350])
        // Of a namespace that nobody watches there is nothing to wait for.
        var foreign = event
        foreign.namespace = nil
        #expect(!join.add(foreign, key: key))
    }

    @Test func `a drop that was read whole needs no sighting`() throws {
        let dropped = try #require(record(of: packet, read: packet.count))
        #expect(dropped.keyOfUnread == nil && dropped.headers.label == label)
    }
}
