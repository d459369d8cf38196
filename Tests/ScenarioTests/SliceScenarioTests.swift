import FoundationEssentials
import Glibc
import Network
import Testing
import Twin
import WalkModel

/// `explain` looks only at what its packet can meet, and says what it would say of the whole machine.
@Suite("What explain watches beside unrelated networks", .enabled(if: LabRun.isAvailable))
struct SliceScenarioTests {
    /// Bridges, routers, both firewalls, translations, tunnels, tables of routes, a neighbour that is not there.
    private static let labs = [
        "arp-sender-refused", "bridge-port-blocked-isolated", "dnat-not-forwarded-nftables", "duplicate-address",
        "forwarding-disabled", "gateway-unreachable", "hairpin-missing-nftables", "listener-elsewhere",
        "namespace-to-wan", "no-return-path", "port-not-published", "vxlan-unreachable-remote",
    ].filter { (try? LabLibrary.find().lab(named: $0))?.probe.explain != nil }

    @Test("the outcome, the hops and the first finding are those of the whole", arguments: labs)
    func same(name: String) async throws {
        let differences = try await LabRun.inPlace {
            let first = try Self.differences(name)
            // Once more: on a busy machine an answer or an event can come too late.
            return first.isEmpty ? [] : try Self.differences(name)
        }
        for difference in differences { Issue.record("\(name): \(difference)") }
    }

    @Test("the labs are there")
    func labsAreThere() { #expect(Self.labs.count >= 10, "\(Self.labs)") }

    @Test("explain --in watches that namespace alone")
    func watchesOne() throws {
        let (_, watched) = try Self.run("no-listener-tcp", ["--in", "host"])
        #expect(watched == ["host"])
    }

    private static func differences(_ name: String) throws -> [String] {
        let (part, watchedOfPart) = try run(name, ["--beside"])
        let (whole, watchedOfAll) = try run(name, ["--beside", "--whole"])
        var differences: [String] = []
        let strangers = watchedOfPart.filter { $0.hasPrefix("beside-") }
        if !strangers.isEmpty { differences.append("watches \(strangers.sorted())") }
        if !watchedOfAll.contains("beside-all") { differences.append("the whole is \(watchedOfAll.sorted())") }
        if part.walks.isEmpty || part.walks.count != whole.walks.count {
            differences.append("\(part.walks.count) walks, not \(whole.walks.count): \(part.standardError.prefix(300))")
        }
        for (one, other) in zip(part.walks, whole.walks) {
            if one.outcome != other.outcome { differences.append("\(one.outcome), not \(other.outcome)") }
            if places(one) != places(other) { differences.append("hops \(places(one)), not \(places(other))") }
            if cause(one) != cause(other) { differences.append("\(cause(one)), not \(cause(other))") }
        }
        return differences
    }

    private static func places(_ walk: Walk) -> [String] {
        walk.hops.map { "\($0.namespace) \($0.vantage) \($0.device ?? "") \($0.direction.map { "\($0)" } ?? "")" }
    }

    private static func cause(_ walk: Walk) -> String {
        guard let finding = walk.findings.first else { return "no finding" }
        return "\(finding.code) at \(finding.where), rule \(finding.rule?.text ?? "none")"
    }

    /// Runs a lab and gives the namespaces that were captured in: the recording names an interface for each link.
    private static func run(_ name: String, _ options: [String]) throws -> (LabRun, watched: Set<String>) {
        var file = Array("/tmp/packetwalk-test-XXXXXX.pcapng".utf8CString)
        close(mkstemps(&file, 7))
        let path = String(decoding: file.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let run = try LabRun.packetwalk(["lab", "run", name, "--format", "json", "--record", path] + options)
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var watched: Set<String> = []
        let end = Array(":lo".utf8)
        for index in bytes.indices.dropLast(3) where bytes[index] == end[0] && bytes[index + 3] < 33 {
            guard bytes[index + 1] == end[1], bytes[index + 2] == end[2] else { continue }
            let name = bytes[..<index].reversed().prefix { (33...126).contains($0) }.reversed()
            watched.insert(String(decoding: Array(name), as: UTF8.self))
        }
        return (run, watched)
    }
}
