// fuzz-rooms: CLinux Wire LinuxSystem Netlink Network Ruleset Discovery
// fuzz-max-length: 2048
@testable import Discovery
@testable import Network

/// Listings of rules, as iptables-save and nft print them: the JSON of nft, and behind a NUL byte its text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRulesets(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var netfilter = Netfilter()
    if let saved = try? IPTablesSave(parsing: input) {
        netfilter.chains = saved.chains.map { RuleChain(saved: $0, backend: "iptables-legacy", family: "ip") }
    }
    let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    if let ruleset = try? NFTablesRuleset(json: Array(parts[0]), text: parts.count > 1 ? Array(parts[1]) : []) {
        netfilter.chains += ruleset.chains
    }
    for chain in netfilter.chains {
        for (index, rule) in chain.rules.enumerated() {
            check(rule.position <= index + 1, "a rule behind its place")
        }
    }
    netfilter.summarise()
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
