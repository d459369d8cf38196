internal import Network
internal import Ruleset
internal import WalkModel

extension Finding {
    /// Findings that speak of the owner themselves.
    private static let ownWords: Set<FindingCode> = [
        "network-isolation", "port-not-published", "service-without-endpoints",
    ]

    /// Says what the rule is there for, beside its name, and how its owner is told to let the packet through.
    mutating func name(_ rule: RuleEnding) {
        if let purpose = rule.ending.purpose, !Self.ownWords.contains(code) {
            let place = rule.ending.kind == .policy ? rule.rule.chainName : rule.rule.name
            message = message.inserting(" (\(purpose.phrase))", behind: place)
        }
        if remedy != nil, remedy?.owner == nil { remedy?.owner = OwnerRemedies.remedy(for: rule) }
    }
}

extension Finding {
    /// Says beside a device what it is there for, where its name does not: `br-8534014c115f (network shop)`.
    mutating func nameDevices(of topology: Topology) {
        let said = message
        for link in topology.namespaces.lazy.flatMap(\.links) {
            // A device whose name is a word may be meant by none of the message's words.
            guard let words = link.workload?.words, link.workload?.name != link.name,
                link.name.contains(where: \.isNumber), !message.contains(words)
            else { continue }
            message = message.inserting(" (\(words))", behind: link.name)
        }
        for index in checks.indices where checks[index].text == said { checks[index].text = message }
    }
}

extension String {
    /// Behind the first place where `word` stands, and is not the beginning of a longer number or name.
    fileprivate func inserting(_ text: String, behind word: String) -> String {
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            let next = range.upperBound == endIndex ? nil : self[range.upperBound]
            if next.map({ $0.isNumber || $0.isLetter }) != true {
                return self[..<range.upperBound] + text + self[range.upperBound...]
            }
            rest = rest[range.upperBound...]
        }
        return self
    }
}
