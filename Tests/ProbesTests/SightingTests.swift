import Network
import Observations
import Testing
import Wire

@testable import Probes

/// What stands on both sides of the door to the BPF programs that see packets.
@Suite struct SightingTests {
    // MARK: The filter

    private func ipv4(_ filter: KernelFilter, _ number: Int) -> UInt8 { filter.bytes[number] }
    private func ipv6(_ filter: KernelFilter, _ number: Int) -> UInt8 { filter.bytes[256 + number] }
    private func fragment(_ filter: KernelFilter, _ number: Int) -> UInt8 { filter.bytes[512 + number] }
    private func other(_ filter: KernelFilter) -> UInt8 { filter.bytes[769] }
    private func isTunnel(_ filter: KernelFilter, _ port: Int) -> Bool {
        filter.bytes[776 + port / 8] >> UInt8(port % 8) & 1 == 1
    }

    @Test("has the size that the programs read")
    func size() {
        #expect(KernelFilter.everything.bytes.count == 8968)
        #expect(KernelFilter(CoarseFilter("tcp")).bytes.count == 8968)
    }

    @Test(
        "lets everything through where protocols say nothing",
        arguments: [nil, "host 10.0.0.1", "less 100", "nonsense ("])
    func everything(filter: String?) {
        #expect(KernelFilter(CoarseFilter(filter)) == .everything)
        #expect(KernelFilter.everything.bytes[768] == 1)
    }

    @Test("icmp: echoes, errors, what carries them, and neighbour discovery")
    func icmp() {
        let filter = KernelFilter(CoarseFilter("icmp", tunnelPorts: [5555]))
        #expect(filter.bytes[768] == 0)
        #expect(ipv4(filter, 1) == 1)
        #expect(ipv4(filter, 6) == 0)
        // UDP: only in a tunnel.
        #expect(ipv4(filter, 17) == 2 && ipv6(filter, 17) == 2)
        for number in [4, 41, 47] { #expect(ipv4(filter, number) == 1 && ipv6(filter, number) == 1) }
        #expect(ipv6(filter, 58) == 1 && fragment(filter, 58) == 1)
        #expect(ipv6(filter, 6) == 0 && fragment(filter, 6) == 0)
        #expect(other(filter) == 0)
        // VXLAN, Geneve, that of this network; not DNS.
        #expect(isTunnel(filter, 4789) && isTunnel(filter, 6081) && isTunnel(filter, 5555) && !isTunnel(filter, 53))
    }

    @Test("a port falls away, its protocol stays, and of ICMP the errors")
    func port() {
        let filter = KernelFilter(CoarseFilter("tcp port 80 and host 198.51.100.1"))
        #expect(ipv4(filter, 6) == 1 && ipv6(filter, 6) == 1 && fragment(filter, 6) == 1)
        #expect(ipv4(filter, 1) == 3)
        #expect(ipv4(filter, 132) == 0)
        let either = KernelFilter(CoarseFilter("port 53"))
        #expect(ipv4(either, 6) == 1 && ipv4(either, 17) == 1 && ipv4(either, 132) == 1 && ipv4(either, 50) == 0)
    }

    @Test("not tcp: all but it, whatever it is")
    func negation() {
        let filter = KernelFilter(CoarseFilter("not tcp"))
        #expect(ipv4(filter, 6) == 0 && ipv6(filter, 6) == 0)
        #expect(ipv4(filter, 1) == 1 && ipv4(filter, 50) == 1 && ipv6(filter, 0) == 1)
        #expect(other(filter) == 1)
    }

    // MARK: Records

    /// A record of 64 bytes and five of a packet: numbers that differ in every byte that is read.
    private func record(kind: UInt8 = 0, captured: UInt16 = 5) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64)
        func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
            withUnsafeBytes(of: value) { for (index, byte) in $0.enumerated() { bytes[offset + index] = byte } }
        }
        put(UInt64(0x0102_0304_0506_0708), at: 0)
        put(UInt64(0x1112_1314_1516_1718), at: 8)
        put(UInt32(0x2122_2324), at: 16)
        put(UInt32(0x0001_0203), at: 20)
        put(UInt32(84), at: 24)
        for (index, value) in [0x31, 0x32, 0x33, 0x34, 0x35].enumerated() { put(UInt32(value), at: 28 + 4 * index) }
        put(UInt16(0x4142), at: 48)
        put(captured, at: 50)
        put(UInt16(0x8100), at: 52)
        put(UInt16(0x0064), at: 54)
        bytes[56] = kind
        return bytes + [1, 2, 3, 4, 5]
    }

    @Test("are read field by field")
    func fields() throws {
        let bytes = record(kind: 2)
        try bytes.withUnsafeBytes { raw in
            let record = try #require(SightingRecord(raw))
            #expect(record.timeNanoseconds == 0x0102_0304_0506_0708)
            #expect(record.place == 0x2122_2324_0001_0203)
            #expect(record.length == 84 && record.mark == 0x31)
            #expect(record.inDevice == 0x32 && record.outDevice == 0x33)
            #expect(record.physicalInDevice == 0x34 && record.physicalOutDevice == 0x35)
            #expect(record.vlanProtocol == 0x8100 && record.vlanTag == 0x64)
            #expect(record.kind == .goingOut)
            #expect(Array(record.bytes) == [1, 2, 3, 4, 5])
            #expect(record.packet != 0)
        }
    }

    @Test("that are short, or of no known kind, are none; no byte is read behind the end")
    func malformed() throws {
        #expect(Array(record()[..<63]).withUnsafeBytes { SightingRecord($0) == nil })
        #expect(record(kind: 3).withUnsafeBytes { SightingRecord($0) == nil })
        let long = record(captured: 200)
        let count = try long.withUnsafeBytes { try #require(SightingRecord($0)).bytes.count }
        #expect(count == 5)
    }

    @Test("name a packet by slot and word together, and none by nothing")
    func identity() throws {
        func packet(_ change: (inout [UInt8]) -> Void) throws -> UInt64 {
            var bytes = record()
            change(&bytes)
            return try bytes.withUnsafeBytes { try #require(SightingRecord($0)).packet }
        }
        let plain = try packet { _ in }
        #expect(try packet { $0[0] ^= 1 } == plain)
        #expect(try packet { $0[8] ^= 1 } != plain)
        #expect(try packet { $0[48] ^= 1 } != plain)
        #expect(try packet { for index in 8..<16 { $0[index] = 0 } } == 0)
        // A second later (2^30 ns) the same word is another packet's; a moment later the same one's.
        #expect(try packet { $0[3] ^= 0x40 } != plain)
        #expect(try packet { $0[1] ^= 1 } == plain)
    }

    // MARK: Priorities

    private func point(
        _ hook: NetfilterHook, _ edge: VantagePoint.Edge, _ priority: Int
    ) -> HookPoint {
        HookPoint(hook: hook, stage: .filter, edge: edge, priority: priority)
    }

    @Test("where a priority is taken the next one further out is tried, but none before reassembly")
    func priorities() {
        #expect(SightingProbe.priorities(near: point(.forward, .before, -1)).prefix(3) == [-1, -2, -3])
        #expect(SightingProbe.priorities(near: point(.forward, .after, 1)).prefix(3) == [1, 2, 3])
        #expect(
            SightingProbe.priorities(near: point(.prerouting, .before, -398)).prefix(4) == [-398, -399, -397, -396])
        #expect(SightingProbe.priorities(near: point(.prerouting, .after, 101)).prefix(2) == [101, 102])
    }
}
