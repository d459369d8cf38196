internal import Network
internal import WalkModel
internal import Wire

/// The next hop has the address and does not reply to ARP for it: `arp_ignore` or `arp_filter` is set.
struct ArpIgnored: Obstacle {
    let code: FindingCode = "arp-ignored"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step else { return [] }
        return step.silences.compactMap { respondent, silence in
            switch silence {
            case .ignored(let setting, let holder): ignored(step, respondent, setting, holder)
            case .filtered(let setting, let back): filtered(step, respondent, setting, back)
            default: nil
            }
        }
    }

    private func ignored(
        _ step: NeighbourStep, _ respondent: NeighbourStep.Respondent, _ setting: Settings.Value, _ holder: String
    ) -> Judgement {
        let (namespace, device, hop) = (respondent.namespace, respondent.path.end.device, step.hop)
        let asker = step.asker.map { ", and the request comes from \($0)" } ?? ""
        let prefix = namespace[device: device]?.addresses.first { $0.address == hop }?.description ?? "\(hop)"
        let meaning =
            switch setting.number {
            case 1: "only for addresses of the device itself, and \(hop) is configured on \(holder)"
            case 2 where holder != device:
                "only for addresses of the device itself, and \(hop) is configured on \(holder)"
            case 2: "only to askers of the same subnet; it has \(prefix)\(asker)"
            default: "to none"
            }
        return silent(
            step, respondent, setting,
            "\(namespace.name) has \(hop) and does not reply to ARP requests for it on \(device): \(setting.key) = \(setting.number) (replies \(meaning))",
            "arp_ignore")
    }

    private func filtered(
        _ step: NeighbourStep, _ respondent: NeighbourStep.Respondent, _ setting: Settings.Value, _ back: RouteChoice
    ) -> Judgement {
        let (namespace, device) = (respondent.namespace.name, respondent.path.end.device)
        return silent(
            step, respondent, setting,
            "\(namespace) has \(step.hop) and does not reply to ARP requests for it on \(device): \(setting.key) = \(setting.number), and its route back to \(step.asker?.description ?? "the asker") is \(back.text), not by \(device)",
            "arp_filter")
    }

    /// The greater of the device's value and that of `all` counts, so both must be lowered where both are set.
    private func silent(
        _ step: NeighbourStep, _ respondent: NeighbourStep.Respondent, _ setting: Settings.Value, _ message: String,
        _ name: String
    ) -> Judgement {
        let (namespace, device) = (respondent.namespace, respondent.path.end.device)
        let key = "net.ipv4.conf.DEVICE.\(name)"
        let actions = ["all", device].filter { namespace.settings.value(name, of: $0)?.isOn == true }.map {
            RemedyAction.sysctl(namespace, key, device: $0, "0")
        }
        return .candidate(
            candidate(
                at: Finding.Place(namespace: namespace.name, device: device), message,
                evidence: [.state("\(setting.key) = \(setting.number) in \(namespace.name)"), step.fact],
                remedy: actions.isEmpty ? nil : Remedy(actions), isCertain: !step.hasOutside))
    }
}
