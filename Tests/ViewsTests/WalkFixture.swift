import FoundationEssentials
import WalkModel

/// A walk with its answer, from `fixtures/walks/NAME.jsonl`: written by hand from the labs' commands.
struct WalkFixture: Sendable, CustomStringConvertible {
    var name: String
    var request: Walk
    var reply: Walk?

    var description: String { name }

    static let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/fixtures/walks"

    /// The networks that work.
    static let working = [
        "namespace-to-wan", "namespace-to-host", "wan-to-published-port", "two-bridges", "same-bridge", "ipv6-to-wan",
        "vxlan-overlay", "policy-routing", "hairpin", "docker-bridge", "kubernetes-service",
    ]
    /// Walks that do not arrive.
    static let failing = ["rule-drop", "no-source-nat", "no-route", "forwarding-disabled"]

    static func load(_ name: String) throws -> WalkFixture {
        let data = try Data(contentsOf: URL(filePath: "\(folder)/\(name).jsonl"))
        let walks = try data.split(separator: UInt8(ascii: "\n")).map { try WalkJSON.walk(from: $0) }
        return WalkFixture(name: name, request: walks[0], reply: walks.count > 1 ? walks[1] : nil)
    }
}
