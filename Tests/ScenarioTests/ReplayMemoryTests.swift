import FoundationEssentials
import Glibc
import LinuxSystem
import Testing

/// That a replay's memory follows the packets in flight, not the length of the file.
@Suite("A replay") struct ReplayMemoryTests {
    /// A capture of one point: UDP datagrams, one every 250 µs, each with a number of its own, the first at `delay`
    /// microseconds (pcap of the tcpdump group, version 2.4, little-endian, microseconds).
    private static func capture(packets: Int, delay: Int, ttl: UInt8) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24 + packets * 76)
        func word(_ value: Int) { for shift in [0, 8, 16, 24] { bytes.append(UInt8(value >> shift & 0xff)) } }
        for value in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1] { word(value) }
        for number in 0..<packets {
            let time = number * 250 + delay
            for value in [1_700_000_000 + time / 1_000_000, time % 1_000_000, 60, 60] { word(value) }
            bytes += [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
            bytes += [0x45, 0, 0, 46, UInt8(number >> 8 & 0xff), UInt8(number & 0xff), 0, 0, ttl, 17, 0, 0]
            bytes += [192, 0, 2, 1, 198, 51, 100, 1]
            bytes += [0x13, UInt8(number % 200), 0, 53, 0, 26, 0, 0]
            bytes += (0..<18).map { UInt8(truncatingIfNeeded: number >> ($0 % 3 * 8)) }
        }
        return bytes
    }

    /// Kilobytes that `packetwalk replay` held at most, by the kernel's count of its own (getrusage(2)).
    private static func peak(packets: Int, _ options: [String]) throws -> Int {
        var folder = Array("/tmp/packetwalk-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&folder) != nil)
        let path = String(decoding: folder.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (name, delay, ttl) in [("a", 0, 64 as UInt8), ("b", 20, 63)] {
            try Data(capture(packets: packets, delay: delay, ttl: ttl)).write(to: URL(filePath: "\(path)/\(name)"))
        }
        let script = """
            import resource, subprocess, sys
            subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let output = try Command(
            [
                "python3", "-c", script, LabRun.program, "replay", "--point", "near:eth0=\(path)/a", "--point",
                "far:eth0=\(path)/b",
            ] + options
        ).run()
        return try #require(Int(output.text.split(separator: "\n").first ?? ""), "\(output.errorText)")
    }

    /// The short one is long enough, 2.5 s, to fill what is bounded: walks wait a second for their answers.
    @Test("holds no more for a file four times as long", arguments: [["--summary"], ["--format", "json"]])
    func memory(options: [String]) throws {
        let short = try Self.peak(packets: 10_000, options)
        let long = try Self.peak(packets: 40_000, options)
        // 30,000 packets more, in two sightings each. Kept, their records alone would take 14 MB.
        #expect(long < short + 4000, "\(short) kB, then \(long) kB")
    }
}
