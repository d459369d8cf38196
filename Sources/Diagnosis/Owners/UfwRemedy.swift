internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// ufw(8): `allow` for what is sent to the host, `allow out` for what it sends, `route allow` for what it forwards.
enum UfwRemedy {
    @Sendable static func remedy(_ rule: RuleEnding) -> OwnerRemedy {
        // These stand before what ufw's commands add.
        let isBefore = ["ufw-before-", "ufw6-before-", "ufw-not-local"].contains { rule.rule.chain.hasPrefix($0) }
        if isBefore {
            return OwnerRemedy(
                RuleOwner.ufw.rawValue,
                note: "ufw has no command for what it drops before its own rules: they stand in /etc/ufw/before.rules")
        }
        return OwnerRemedy(
            RuleOwner.ufw.rawValue, command(rule).map { [$0] } ?? [],
            note: "ufw reload forgets a rule that was not made by ufw")
    }

    private static func command(_ rule: RuleEnding) -> CommandWords? {
        let packet = rule.packet
        // Its own rules let replies in before any other.
        guard !packet.isReply, packet.fragment != .later else { return nil }
        // A rule by command stands before the default policy: only one before it helps.
        let isByCommand = rule.rule.chain.hasPrefix("ufw-user-") || rule.rule.chain.hasPrefix("ufw6-user-")
        let place: CommandWords = isByCommand ? "insert 1" : ""
        let port = packet.destinationPort.map { "port \($0)" as CommandWords } ?? ""
        let isPort = packet.portWord != nil
        let kind: CommandWords = isPort ? "proto \(packet.ipProtocol.ruleName)" : ""
        let flow: CommandWords =
            "\(words: kind) from \(packet.source) to \(packet.destination) \(words: isPort ? port : "")"
        switch rule.traversal.hook {
        case .input:
            guard let word = packet.portWord else { return nil }
            if isByCommand { return "ufw \(words: place) allow \(words: flow)" }
            return "ufw allow \(word)"
        case .output:
            guard let word = packet.portWord else { return nil }
            if isByCommand { return "ufw \(words: place) allow out \(words: flow)" }
            return "ufw allow out \(word)"
        case .forward:
            guard let inDevice = rule.site.inDevice, let outDevice = rule.site.outDevice else { return nil }
            // `route` comes first: ufw route insert 1 allow …
            return "ufw route \(words: place) allow in on \(inDevice) out on \(outDevice) \(words: flow)"
        default: return nil
        }
    }
}
