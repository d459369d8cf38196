import Network
import TestSupport
import Testing
import Wire

@testable import Ruleset

/// Random rulesets and packets: the compiled rules give what a direct reading of the same rules gives.
@Suite("Random rules")
struct PropertyTests {
    /// A direct reading of two base chains, either of which may call a third: the position of the dropping rule, if any.
    private enum Verdict: Equatable {
        case accepted
        case dropped(chain: String, position: Int)
        case through
    }

    private static func read(
        _ rules: [RandomRule], _ name: String, one: [RandomRule], _ packet: PacketState, _ device: String?
    ) -> Verdict {
        for (index, rule) in rules.enumerated() where rule.matches(packet, from: device) {
            switch rule.target {
            case .accept: return .accepted
            case .drop: return .dropped(chain: name, position: index + 1)
            case .back: return .through
            case .jump, .goto:
                let verdict = read(one, "one", one: [], packet, device)
                if verdict != .through { return verdict }
                if rule.target == .goto { return .through }
            }
        }
        return .through
    }

    @Test("iptables and nftables alike", arguments: [21, 22, 23, 24, 25, 26] as [UInt64])
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let count = Int.random(in: 0...6, using: &random)
            let rules = (0..<count).map { _ in RandomRule(&random) }
            let one = (0..<3).map { _ in RandomRule(&random, targets: [.accept, .drop, .back]) }
            let sites = [
                RuleNamespace.site(
                    iptables("filter", "FORWARD", rules: rules.map(\.iptables)),
                    iptables("filter", "one", rules: one.map(\.iptables))),
                RuleNamespace.site(
                    nft("FORWARD", hook: .forward, rules: rules.map(\.nftables)),
                    nft("one", rules: one.map(\.nftables))),
            ]
            for _ in 0..<30 {
                let packet = Self.packet(&random)
                let device = ["a", "b", "bc", nil][Int.random(in: 0..<4, using: &random)]
                let expected = Self.read(rules, "FORWARD", one: one, packet, device)
                for var site in sites {
                    site.inDevice = device
                    let result = HookTraversal(site: site, hook: .forward, families: ["ip", "inet"]).run(packet)
                    let found: Verdict =
                        result.ending.map { .dropped(chain: $0.rule.chain, position: $0.rule.position ?? 0) }
                        ?? (result.accepted.isEmpty ? .through : .accepted)
                    #expect(found == expected, "\(rules.map(\.iptables)) \(one.map(\.iptables)) \(packet)")
                    #expect(result.isCertain)
                }
            }
        }
    }

    private static func packet(_ random: inout SeededGenerator) -> PacketState {
        let hasPorts = Int.random(in: 0..<4, using: &random) > 0
        let states: [ConnectionState] = [.new, .established, .related, .invalid]
        return PacketState(
            source: IPAddress(ipv4: UInt32.random(in: 0...UInt32.max, using: &random)),
            destination: address("198.51.100.1"),
            ipProtocol: hasPorts ? Bool.random(using: &random) ? .tcp : .udp : .icmp,
            sourcePort: hasPorts ? 9 : nil,
            destinationPort: hasPorts ? UInt16.random(in: 1...7, using: &random) : nil, ttl: 64, length: 60,
            mark: UInt32.random(in: 0...7, using: &random),
            connection: states[Int.random(in: 0..<4, using: &random)])
    }
}
