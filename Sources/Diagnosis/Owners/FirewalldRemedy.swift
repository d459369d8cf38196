internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// firewall-cmd(1): a port of the zone that the packet came in by, forwarding within a zone, or a policy between two.
///
/// Each is set twice: for now, and for the next start.
enum FirewalldRemedy {
    @Sendable static func remedy(_ rule: RuleEnding) -> OwnerRemedy {
        OwnerRemedy(RuleOwner.firewalld.rawValue, commands(rule), note: note)
    }

    /// Translation of a source in the zone of the device that packets leave by; nil where firewalld is not at work.
    static func sourceTranslation(of source: String, leavingBy device: String, of router: Namespace) -> OwnerRemedy? {
        guard router.netfilter.chains.contains(where: isOfZones) else { return nil }
        let family = source.contains(":") ? "ipv6" : "ipv4"
        let rule = "rule family=\"\(family)\" source address=\"\(source)\" masquerade"
        let zone = option(zone(of: device, in: router))
        return OwnerRemedy(
            RuleOwner.firewalld.rawValue, both("\(words: zone) \("--add-rich-rule=\(rule)")"), note: note)
    }

    private static let note = "firewall-cmd --reload forgets a rule that was not made by firewalld"

    private static func commands(_ rule: RuleEnding) -> [CommandWords] {
        let packet = rule.packet
        guard !packet.isReply, packet.fragment != .later else { return [] }
        switch rule.traversal.hook {
        case .input:
            guard let port = packet.portWord else { return [] }
            let zone = option(zone(of: rule.site.inDevice, rule, isOut: false))
            return both("\(words: zone) --add-port=\(port)")
        case .forward:
            guard let from = zone(of: rule.site.inDevice, rule, isOut: false),
                let to = zone(of: rule.site.outDevice, rule, isOut: true)
            else { return [] }
            if from == to { return both("--zone=\(from) --add-forward") }
            return policy(from: from, to: to, packet)
        default: return []
        }
    }

    private static func option(_ zone: String?) -> CommandWords { zone.map { "--zone=\($0)" } ?? "" }

    private static func both(_ words: CommandWords) -> [CommandWords] {
        ["firewall-cmd \(words: words)", "firewall-cmd --permanent \(words: words)"]
    }

    /// A policy object (firewalld 0.9 and later), which is made for good and loaded then.
    private static func policy(from: String, to: String, _ packet: PacketState) -> [CommandWords] {
        let name = "\(from)-to-\(to)"
        let what =
            packet.portWord == nil
            ? "protocol value=\"\(packet.ipProtocol.ruleName)\""
            : "port port=\"\(packet.destinationPort ?? 0)\" protocol=\"\(packet.ipProtocol.ruleName)\""
        let family = packet.source.isIPv4 ? "ipv4" : "ipv6"
        let accept =
            "rule family=\"\(family)\" source address=\"\(packet.source)\" destination address=\"\(packet.destination)\" \(what) accept"
        return [
            "firewall-cmd --permanent --new-policy=\(name)",
            "firewall-cmd --permanent --policy=\(name) --add-ingress-zone=\(from)",
            "firewall-cmd --permanent --policy=\(name) --add-egress-zone=\(to)",
            "firewall-cmd --permanent --policy=\(name) \("--add-rich-rule=\(accept)")",
            "firewall-cmd --reload",
        ]
    }

    // MARK: - Zones

    /// Of the rule that ends the packet the chain says the zone too that it came in by.
    private static func zone(of device: String?, _ rule: RuleEnding, isOut: Bool) -> String? {
        if !isOut, let own = rule.rule.firewalldZone { return own }
        return zone(of: device, in: rule.namespace)
    }

    /// The zone of a device: the one that the rules for devices that packets come in by lead it to, or the default one, which
    /// stands last there.
    private static func zone(of device: String?, in namespace: Namespace) -> String? {
        var standard: String?
        for chain in namespace.netfilter.chains where isOfZones(chain) {
            for candidate in chain.rules {
                let words = candidate.text.split(separator: " ").map { $0.filter { $0 != "\"" } }
                guard let zone = words.lazy.compactMap(RuleReference.firewalldZone(ofChain:)).first else { continue }
                if let position = words.firstIndex(where: { ["iifname", "-i"].contains($0) }) {
                    if position + 1 < words.count, words[position + 1] == device { return zone }
                } else if !words.contains(where: { ["saddr", "daddr", "-s", "-d"].contains($0) }) {
                    standard = standard ?? zone
                }
            }
        }
        return standard
    }

    /// `filter_INPUT_ZONES`, `filter_FORWARD_ZONES`, `filter_FORWARD_IN_ZONES`, `INPUT_ZONES`, …
    private static func isOfZones(_ chain: RuleChain) -> Bool {
        chain.name.hasSuffix("_ZONES") && (chain.table == "firewalld" || chain.table == "filter")
    }
}
