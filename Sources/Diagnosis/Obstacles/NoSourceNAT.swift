internal import Ruleset
internal import Network
internal import WalkModel

/// A private source address leaves towards public addresses, and no rule translates it: no reply can come back.
struct NoSourceNAT: Obstacle {
    let code: FindingCode = "no-source-nat"

    /// A rule would translate it by what is known of it, and it was seen untranslated all the same.
    func candidate(_ unmet: UnmetTranslation) -> Candidate {
        let name = unmet.namespace.name
        return candidate(
            at: Finding.Place(namespace: name, hook: .postrouting, device: unmet.outDevice),
            "\(unmet.packet.source) leaves \(unmet.outDevice ?? name) with its private source address, although \(unmet.rule.name) in \(name) would translate it; so no reply can come back",
            evidence: [
                .seen("\(unmet.packet.source) > \(unmet.packet.destination) at \(name) \(unmet.outDevice ?? "") out"),
                .state("\(unmet.rule.name): \(unmet.rule.text ?? "")"),
            ], rule: unmet.rule, isCertain: false)
    }

    func candidate(_ missing: SourceTranslation) -> Candidate {
        let name = missing.router.name
        let rules = missing.router.netfilter.nat.filter { $0.kind == .masquerade || $0.kind == .snat }
        let state: Fact =
            rules.isEmpty
            ? .state("no source NAT rule in \(name)")
            : .state("\(rules.map { $0.rule.name }.joined(separator: ", ")) translate other packets")
        if let accepting = missing.accepting?.rule {
            return candidate(
                at: missing.place,
                "\(missing.packet.source) leaves \(missing.outDevice) with its private source address: \(accepting.name) in \(name) accepts it before a rule that would translate it is asked, so no reply can come back",
                evidence: [missing.fact, .state("\(accepting.name): \(accepting.text ?? "")")], rule: accepting,
                remedy: missing.remedy)
        }
        return candidate(
            at: missing.place,
            "\(missing.packet.source) leaves \(missing.outDevice) with its private source address: no source NAT rule in \(name) translates it, so no reply can come back",
            evidence: [missing.fact, state], remedy: missing.remedy, isCertain: !missing.leavesPrivately)
    }
}
