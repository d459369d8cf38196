import Glibc
import LinuxSystem
import Observations
import Testing
import Network
import Wire

@testable import Recording

private let fieldFolder = getenv("PACKETWALK_FIELD_DATA").map { String(cString: $0) } ?? "/nonexistent"

/// What a program prints; nil where it isn't installed.
private func output(_ command: String) -> String? {
    guard let pipe = popen("\(command) 2>/dev/null", "r") else { return nil }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
    return pclose(pipe) == 0 ? String(decoding: text, as: UTF8.self) : nil
}

@Suite struct OtherReadersTests {
    @Test(
        "tshark and tcpdump see the packets alone, at their interfaces, with directions and comments",
        .enabled(if: output("command -v tshark && command -v tcpdump") != nil))
    func open() throws {
        let scratch = Scratch()
        let path = scratch.file("a.pcapng")
        let writer = try RecordingWriter(path: path)
        try writer.write(sampleBatch())
        try writer.close()
        let fields =
            "-e frame.interface_name -e frame.packet_flags_direction -e frame.time_epoch -e ip.src -e frame.comment"
        let text = try #require(output("tshark -n -r \(path) -T fields -E separator='|' \(fields)"))
        let lines = text.split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false) }
        #expect(lines.count == 4)
        #expect(
            lines.map { String($0[0]) } == [
                "host:veth0", "host:postrouting/srcnat/after", "host:veth0", "undeclared 9",
            ])
        #expect(lines[0][2] == "1700000000.123456790")
        #expect(lines[0][3] == "172.19.0.2")
        #expect(Set(lines[..<3].map { String($0[1]) }).count == 3)
        #expect(text.contains("ip filter FORWARD rule 2"))
        let first = try #require(output("tcpdump -nn -c 1 -r \(path)"))
        #expect(first.contains("172.19.0.2.4000 > 198.51.100.1.53"))
    }

    @Test(
        "captures of others give the packets and times that tshark reads from them",
        .enabled(if: directoryNames(fieldFolder).count > 0 && output("command -v tshark") != nil))
    func fieldFiles() throws {
        let folders = ["pcapng", "pcap"].map { "\(fieldFolder)/\($0)" }
        let paths = folders.flatMap { folder in directoryNames(folder).map { "\(folder)/\($0)" } }
        for path in paths where !path.contains("basic") {
            guard let text = output("tshark -n -r \(path) -T fields -e frame.cap_len -e frame.len -e _ws.col.Protocol")
            else { continue }
            let expected = text.split(separator: "\n")
                // It lists custom blocks among the packets.
                .filter { !$0.hasSuffix("PCAPNG") }
                .map { $0.split(separator: "\t").compactMap { Int($0) } }
            var found: [[Int]] = []
            guard let reader = try? RecordingReader(path: path) else {
                #expect(expected.isEmpty, "\(path)")
                continue
            }
            let isNFLog = path.contains("nflog")
            try reader.read(
                events: { _, _ in },
                packets: { _, observation, bytes in
                    found.append([bytes.byteCount, isNFLog ? bytes.byteCount : Int(observation.originalLength)])
                })
            #expect(found == expected, "\(path): \(reader.damage)")
        }
    }

    @Test("gzip and zstd are read as what they hold", .enabled(if: output("command -v zstd && command -v gzip") != nil))
    func compressed() throws {
        let scratch = Scratch()
        let path = scratch.file("a.pcapng")
        let writer = try RecordingWriter(path: path)
        for _ in 0..<300 { try writer.write(sampleBatch()) }
        try writer.close()
        let plain = try heard(RecordingReader(path: path))
        #expect(plain.count == 300 * sampleBatch().events.count)
        _ = output("gzip -k \(path)")
        _ = output("zstd -q \(path)")
        #expect(try heard(RecordingReader(path: path + ".gz")) == plain)
        #expect(try heard(RecordingReader(path: path + ".zst")) == plain)
        let half = contents(path + ".gz")
        store(Array(half[..<(half.count / 2)]), scratch.file("half.gz"))
        let reader = try RecordingReader(path: scratch.file("half.gz"))
        let some = try heard(reader)
        #expect(!some.isEmpty && some == Array(plain.prefix(some.count)))
        #expect(reader.damage.map(\.reason) == ["the gzip data end in the middle"])
    }

    /// A big-endian pcap of one packet, captured at a known second.
    @Test("captures of several points are merged by time") func points() throws {
        let scratch = Scratch()
        func pcap(_ seconds: [UInt8]) -> [UInt8] {
            var bytes: [UInt8] = [
                0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 1,
            ]
            let packet = frame(identification: 1, payload: [1, 2])
            for second in seconds {
                bytes +=
                    [0, 0, 0, second, 0, 0, 0, 5, 0, 0, 0, UInt8(packet.count), 0, 0, 0, UInt8(packet.count)] + packet
            }
            return bytes
        }
        store(pcap([1, 4]), scratch.file("a.pcap"))
        store(pcap([2, 3]), scratch.file("b.pcap"))
        let points = try ["host:veth0", "host:eth0"].enumerated().map { index, place in
            try #require(CapturePoint("\(place)=\(scratch.file(index == 0 ? "a.pcap" : "b.pcap"))"))
        }
        var seen: [String] = []
        var names: [VantageID: String] = [:]
        let reader = try RecordingReader(points: points)
        #expect(!reader.isRecording)
        try reader.read(
            events: { if case .vantage(let id, let point) = $1 { names[id] = point.interfaceName } },
            packets: { _, observation, _ in
                seen.append("\(observation.timeNanoseconds / 1000) \(names[observation.vantage] ?? "?")")
            })
        #expect(
            seen == [
                "1000005 host:veth0", "2000005 host:eth0", "3000005 host:eth0", "4000005 host:veth0",
            ])
    }
}

@Suite struct AnonymizerTests {
    private var anonymizer: Anonymizer { Anonymizer(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)) }

    @Test("addresses that share n bits share n bits afterwards, and no more") func prefixes() {
        var anonymizer = anonymizer
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let first = UInt32.random(in: .min ... .max, using: &generator)
            let length = UInt32.random(in: 0..<32, using: &generator)
            let flipped = first ^ (0x8000_0000 >> length) ^ (UInt32.random(in: .min ... .max) & (0x7fff_ffff >> length))
            let addresses = [first, flipped].map { IPAddress(ipv4: $0) }
            if addresses.contains(where: { $0.isUnspecified || $0.isMulticast || $0.isLoopback || $0.low >> 24 == 0 }) {
                continue
            }
            let mapped = addresses.map { UInt32(truncatingIfNeeded: anonymizer.anonymize($0).low) }
            #expect((mapped[0] ^ mapped[1]).leadingZeroBitCount == Int(length), "\(addresses)")
        }
    }

    @Test("special blocks stay themselves") func blocks() {
        var anonymizer = anonymizer
        for text in ["10.1.2.3", "172.19.0.2", "192.168.7.7", "100.64.1.1", "169.254.3.4"] {
            guard let address = IPAddress(text) else { continue }
            #expect(anonymizer.anonymize(address).isPrivate == address.isPrivate)
            #expect(anonymizer.anonymize(address).isLinkLocal == address.isLinkLocal)
        }
        #expect(anonymizer.anonymize("127.0.0.1 and 224.0.0.5 and ::1/128") == "127.0.0.1 and 224.0.0.5 and ::1/128")
    }

    @Test("no address and no payload of the original is left in the file") func nothingLeft() throws {
        let scratch = Scratch()
        let path = scratch.file("a.pcapng")
        let writer = try RecordingWriter(path: path, options: RecordingOptions(anonymizes: true))
        try writer.write(sampleBatch())
        try writer.close()
        let bytes = contents(path)
        let text = String(decoding: bytes, as: UTF8.self)
        for secret in ["172.19.0.2", "198.51.100.1", "203.0.113.1", "a question"] {
            #expect(!text.contains(secret), "\(secret)")
        }
        for secret: [UInt8] in [[172, 19, 0, 2], [198, 51, 100, 1], [2, 0, 0, 0, 0, 1], Array("question".utf8)] {
            let found = bytes.indices.contains { bytes[$0...].starts(with: secret) }
            #expect(!found, "\(secret)")
        }
        var labels: Set<UInt64> = []
        var count = 0
        try RecordingReader(path: path).read(
            events: { _, _ in },
            packets: { _, observation, _ in
                count += 1
                if observation.headers.label != 0 { labels.insert(observation.headers.label) }
            })
        #expect(count == 4)
        #expect(labels.count == 1)
    }
}
