import Glibc
import LinuxSystem
import TestSupport
import Testing

/// The labs' networks look alike to the last address, and were recorded one after the other on one machine. Replayed
/// together they give the walks and findings that each of them gives alone.
@Suite("Recordings replayed together", .enabled(if: !Golden.names.isEmpty))
struct TogetherTests {
    /// All pairs take hours: with `PACKETWALK_ALL_PAIRS` set.
    private static let pairs: [[String]] = {
        let names = Golden.names
        if getenv("PACKETWALK_ALL_PAIRS") != nil {
            return names.indices.flatMap { one in names[(one + 1)...].map { [names[one], $0] } }
        }
        // These gave another outcome or cause while one network overwrote the other.
        let known = [
            "no-return-path", "no-source-nat", "blackhole-route", "forwarding-disabled", "wrong-gateway",
            "reverse-path-filter",
        ].map { ["\($0).explain", "namespace-to-wan-tcp.explain"] }
        var random = SeededGenerator(seed: 20_261_128)
        return known
            + (0..<60).map { _ in
                let one = Int.random(in: names.indices, using: &random)
                let other = (one + Int.random(in: 1..<names.count, using: &random)) % names.count
                return [names[one], names[other]]
            }
    }()

    @Test("two give what each gives alone, whichever is named first", arguments: pairs)
    func pair(names: [String]) throws {
        let alone = try names.flatMap { try Golden.expected($0).split(separator: "\n").map(Self.withoutHost) }.sorted()
        for order in [names, names.reversed()] { #expect(try replay(order) == alone, "\(order)") }
    }

    @Test("forty at once give what each gives alone") func many() throws {
        var random = SeededGenerator(seed: 40)
        let names = Array(Golden.names.shuffled(using: &random).prefix(40))
        let alone = try names.flatMap { try Golden.expected($0).split(separator: "\n").map(Self.withoutHost) }.sorted()
        #expect(try replay(names) == alone)
    }

    private func replay(_ names: [String]) throws -> [String] {
        let files = names.map { "fixtures/golden/\($0).pcapng.zst" }
        let output = try Command([LabRun.program, "replay"] + files + ["--packets", "--format", "json"]).run()
        #expect(output.status == 0 || output.status == 1, "\(output.errorText)")
        return output.text.split(separator: "\n").map(Self.withoutHost).sorted()
    }

    /// Hosts of one name are called by their ids as well where both are there.
    private static func withoutHost(_ line: Substring) -> String {
        String(line.replacing(#/"host":"[^"]*"/#) { _ in #""host":"…""# })
    }
}
