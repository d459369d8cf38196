package import Network
package import Wire

/// A rule of either firewall, taken apart: conditions and actions in the order in which the kernel takes them.
///
/// nft may count or mark between two conditions; iptables has its one target last.
package struct CompiledRule: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case match(Match)
        case action(RuleAction)
    }

    package var reference: RuleReference
    package var comment: String?
    package var steps: [Step]
    /// Whether one of its actions translates an address.
    package let isTranslation: Bool

    package init(_ reference: RuleReference, comment: String? = nil, steps: [Step]) {
        self.reference = reference
        self.comment = comment
        self.steps = steps
        isTranslation = steps.contains {
            if case .action(let action) = $0 { action.translation != nil } else { false }
        }
    }

    package var matches: [Match] {
        steps.compactMap { if case .match(let match) = $0 { match } else { nil } }
    }

    package var actions: [RuleAction] {
        steps.compactMap { if case .action(let action) = $0 { action } else { nil } }
    }

    /// `masquerade`, `snat`, `dnat`, …: as what it translates addresses.
    package var translationKinds: [TranslationKind] { actions.compactMap(\.translationKind) }

    /// Whether no condition on an address rules it out.
    package func mayMatch(_ address: IPAddress, at end: RuleField.End) -> Bool {
        matches.allSatisfy { match in
            guard case .address(end, _) = match.field else { return true }
            let truth = match.values.any { $0.truth(address) }
            return (match.isNegated ? truth.negated : truth) != .fails
        }
    }

    /// Whether its counter counts a packet that comes to an action: that of nft is an action itself, that of iptables
    /// counts before the target.
    func counts(at action: RuleAction) -> Bool { !isNftables || action == .counter }

    var hasOneCounter: Bool { !isNftables || actions.count { $0 == .counter } == 1 }

    var text: String { reference.text ?? "" }
    package var isNftables: Bool { reference.backend == .nft }
}
