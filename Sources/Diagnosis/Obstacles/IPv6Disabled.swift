internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// IPv6 is off on the devices by which a namespace could send: they have neither addresses nor routes of it.
struct IPv6Disabled: Obstacle {
    let code: FindingCode = "family-disabled"
    let steps: Set<PathStep.Kind> = [.route, .source]
    let reasons: Set<DropReason> = ["IP_OUTNOROUTES", "IP_INNOROUTES", "IPV6DISABLED"]
    let traits: ObstacleTraits = .lacksRoute

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        if case .source(let step) = step { return received(step) }
        guard case .route(let step) = step, let found = step.disabledIPv6 else { return [] }
        let (name, device) = (step.namespace.name, found.link.name)
        return stops(
            at: Finding.Place(namespace: name, device: device),
            "IPv6 is disabled on \(device) in \(name) (\(found.reason.words)), so \(name) has neither an address there nor a route to \(step.packet.destination); once it is enabled, its addresses and routes have to be configured again",
            evidence: [
                .state("\(found.reason.words) in \(name)"),
                Fact(step.choice.evidence, "no route to \(step.packet.destination) in \(name)"),
            ])
    }

    /// A device takes in nothing of IPv6 where that is off (`ip6_rcv_core`).
    private func received(_ step: ReceiveStep) -> [Judgement] {
        let name = step.namespace.name
        guard !step.packet.source.isIPv4, let link = step.namespace[device: step.device], link.kind != .loopback,
            let reason = step.namespace.ipv6Absence(on: link)
        else { return [] }
        let message =
            "IPv6 is disabled on \(step.device) in \(name) (\(reason.words)), so \(name) drops every IPv6 packet that comes in there; once it is enabled, its addresses and routes have to be configured again"
        let found = candidate(
            at: Finding.Place(namespace: name, device: step.device), message,
            evidence: [.state("\(reason.words) in \(name)")], reasons: ["IPV6DISABLED"])
        var candidate = found
        candidate.traits = []
        return [.candidate(candidate)]
    }
}

/// Why there is no IPv6 on a device.
enum IPv6Absence: Sendable {
    case setting(Settings.Value)
    /// Its MTU is below what IPv6 asks of every link (RFC 8200, 5): the kernel takes IPv6 from it then (addrconf_notify).
    case smallMTU(UInt32)

    var words: String {
        switch self {
        case .setting(let value): "\(value.key) = 1"
        case .smallMTU(let mtu): "its MTU is \(mtu), and IPv6 needs \(Link.leastIPv6MTU)"
        }
    }
}

extension Namespace {
    /// Nil where IPv6 is on.
    func ipv6Absence(on link: Link) -> IPv6Absence? {
        if let value = settings.value("disable_ipv6", of: link.name, .ipv6), value.isOn { return .setting(value) }
        let isSmall = link.isTooSmallForIPv6
        return isSmall && !link.addresses.contains { !$0.address.isIPv4 } ? .smallMTU(link.mtu) : nil
    }
}

extension RouteStep {
    /// Where there is no route: a device on which IPv6 is off, while none has an IPv6 address for others than its own link. That
    /// of a small MTU counts where no device has IPv6 at all: it may not be wanted there.
    var disabledIPv6: (link: Link, reason: IPv6Absence)? {
        guard choice.kind == nil, !packet.destination.isIPv4 else { return nil }
        let links = namespace.links.filter { $0.kind != .loopback && $0.isUp && $0.master == nil }
        let hasAddress = links.contains { link in
            link.addresses.contains { !$0.address.isIPv4 && !$0.address.isLinkLocal }
        }
        if hasAddress { return nil }
        for link in links {
            if case .setting(let value)? = namespace.ipv6Absence(on: link) { return (link, .setting(value)) }
        }
        let hasAny = links.contains { link in link.addresses.contains { !$0.address.isIPv4 } }
        if hasAny { return nil }
        for link in links {
            if let reason = namespace.ipv6Absence(on: link) { return (link, reason) }
        }
        return nil
    }

    /// Devices on which router advertisements are ignored since the namespace forwards (accept_ra 1; ip-sysctl.rst), where
    /// it has no default route of IPv6.
    var ignoredAdvertisements: [String] {
        guard choice.kind == nil, inDevice == nil, !packet.destination.isIPv4,
            !namespace.routes.contains(where: {
                $0.destination.length == 0 && !$0.destination.address.isIPv4 && $0.gateway != nil
            })
        else { return [] }
        return namespace.links.filter { link in
            link.kind != .loopback && link.kind != .bridge && link.isUp && link.hasCarrier && link.master == nil
                && link.addresses.contains { !$0.address.isIPv4 }
                && namespace.settings.value("accept_ra", of: link.name, .ipv6)?.number == 1
                && namespace.settings.value("forwarding", of: link.name, .ipv6)?.isOn == true
        }.map(\.name)
    }
}
