import Network
import Observations
import Testing

@testable import Recording

/// Networks are kept in few bytes, and come back as they were.
@Suite struct PackedNetworkTests {
    /// A firewall of so many rules, all of which have counted so many packets.
    private func network(rules: Int, packets: Int) -> [UInt8] {
        let lines = (0..<rules).map { number in
            #"{"chain":"FORWARD","handle":\#(number),"text":"-A FORWARD -s 10.\#(number % 250).\#(number / 250).0/24 -j ACCEPT","packets":\#(packets &* (number % 7))}"#
        }
        return Array(("[" + lines.joined(separator: ",") + "]").utf8)
    }

    @Test("each of several is what it was, and the later ones take next to nothing") func history() throws {
        var writer = NetworkHistory()
        var reader = NetworkHistory()
        let networks = (0..<5).map { network(rules: 600, packets: 1_000_000 + $0) }
        var sizes: [Int] = []
        for json in networks {
            let (payload, flags) = writer.pack(json)
            sizes.append(payload.count)
            #expect(try reader.unpack(payload, flags: flags) == json)
        }
        #expect(sizes[0] * 5 < networks[0].count)
        #expect(sizes[1...].allSatisfy { $0 * 20 < networks[0].count }, "\(sizes)")
        let (same, flags) = writer.pack(network(rules: 600, packets: 1_000_004))
        #expect(same.count < 200)
        #expect(try reader.unpack(same, flags: flags) == networks[4])
    }

    @Test("a short one stays text") func short() {
        var writer = NetworkHistory()
        let json = network(rules: 2, packets: 1)
        #expect(writer.pack(json).payload == json)
        #expect(writer.pack(json).flags == 0)
    }

    @Test("damage, and a record whose predecessor can't be read, are errors") func damage() throws {
        var writer = NetworkHistory()
        let first = writer.pack(network(rules: 500, packets: 1))
        let second = writer.pack(network(rules: 500, packets: 2))
        var reader = NetworkHistory()
        #expect(throws: (any Error).self) { try reader.unpack(second.payload, flags: second.flags) }
        for cut in [1, first.payload.count / 2, first.payload.count - 1] {
            let payload = Array(first.payload.prefix(cut))
            #expect(throws: (any Error).self) { try reader.unpack(payload, flags: first.flags) }
        }
        var turned = first.payload
        turned[turned.count / 2] ^= 0x55
        #expect(throws: (any Error).self) { try reader.unpack(turned, flags: first.flags) }
        #expect(try reader.unpack(first.payload, flags: first.flags) == network(rules: 500, packets: 1))
    }

    @Test("every file of a ring can be read alone") func ring() throws {
        let scratch = Scratch()
        let links = (0..<200).map { Link(name: "veth\($0)", index: UInt32($0), kind: "veth") }
        func topology(_ number: Int) -> Event {
            .topology(
                Topology(
                    host: "box", time: "2026-11-23T01:58:\(10 + number)Z",
                    namespaces: [
                        Namespace(
                            name: "host", inode: 1, path: "/proc/self/ns/net", links: links,
                            sysctls: ["a": "\(number)"])
                    ]), timeNanoseconds: Int64(number) * 1_000_000_000)
        }
        let ring = try #require(RecordingRing("20x1s"))
        let writer = try RecordingWriter(path: scratch.file("a.pcapng"), options: RecordingOptions(ring: ring))
        for number in 1...6 {
            try writer.write(topology(number))
            try writer.write(topology(number))
        }
        try writer.close()
        var whole = EventBatch()
        whole.append(topology(6))
        let reader = try RecordingReader(path: ring.path(scratch.file("a.pcapng"), file: 6))
        let events = try heard(reader)
        #expect(reader.damage.isEmpty, "\(reader.damage)")
        #expect(events.last == heard(whole).last)
    }
}
