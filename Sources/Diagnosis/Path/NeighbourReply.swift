internal import Network
internal import Ruleset
internal import Wire

/// What a namespace does with the question for an address that comes in by one of its devices: an ARP request
/// (`arp_process` of net/ipv4/arp.c) or a neighbour solicitation (`ndisc_recv_ns` of net/ipv6/ndisc.c). Rules that may
/// drop the question are not part of it.
enum NeighbourReply: Sendable {
    /// The address is its own, and it replies.
    case own
    /// It replies for somebody else (RFC 1027, RFC 4389).
    case proxy
    /// It could reply, and what is configured keeps it from it.
    case silent(Silence)
    /// It neither has the address nor replies for others.
    case unconcerned

    enum Silence: Sendable {
        /// The device that the question comes in by does no ARP (`ip link set arp off`).
        case noARP
        /// `arp_ignore`, with the device that has the address.
        case ignored(Settings.Value, holder: String)
        /// `arp_filter`: the route back to the asker uses another device.
        case filtered(Settings.Value, back: RouteChoice)
        /// `rp_filter` judges the asker's address as it does a packet's source.
        case reversePath(ReversePath)
        /// No packet may come from the asker's address: loopback, multicast, or the namespace's own.
        case impossibleSender
        /// No routing rule leads to the table of the namespace's own addresses.
        case noLocalRule(RouteChoice)
        /// IPv6: only the device that has the address replies for it.
        case otherDevice(String)
        /// IPv6: duplicate address detection is not done, or found the address on somebody else.
        case unusable(Link.UnusableAddress)
        /// It replies for others on that device, but not for this address.
        case proxy(ProxyFault, Settings.Value)
    }

    enum ProxyFault: Sendable {
        /// There is no route to the address by which it could be handed on.
        case noRoute(RouteChoice)
        case notForwarding(Settings.Value?)
        /// IPv6: the address is not among those that it replies for (`ip neigh add proxy`).
        case noEntry
    }
}

/// The question for an address, as it comes to one device.
struct NeighbourInquiry: Sendable {
    var namespace: Namespace
    /// The device at which IP takes over: the bridge, not its port.
    var device: String
    var target: IPAddress
    /// The asker's address that the question names; nil where it is not known.
    var sender: IPAddress?

    var reply: NeighbourReply {
        if let unusable = namespace[device: device]?.unusableAddresses.first(where: { $0.prefix.address == target }) {
            return .silent(.unusable(unusable))
        }
        let isOwn = namespace.holds(target) && !target.isLoopback
        let proxy = namespace.settings.proxiesNeighbors(device: device, target.family)
        guard isOwn || proxy?.isOn == true else { return .unconcerned }
        if namespace[device: device]?.hasARPOff == true { return isOwn ? .silent(.noARP) : .unconcerned }
        if target.isIPv4 {
            if let silence = refusal {
                if isOwn { return .silent(silence) }
                if case .proxy = proxyARP(proxy) { return .silent(silence) }
                return .unconcerned
            }
            return isOwn ? ownARP : proxyARP(proxy)
        }
        return isOwn ? ownNDP(proxy) : proxyNDP(proxy)
    }

    /// The lookup of the target that every request begins with checks its sender (ip_route_input).
    private var refusal: NeighbourReply.Silence? {
        guard let sender, !sender.isUnspecified else { return nil }
        let packet = PacketState(source: sender, destination: target, ipProtocol: .udp)
        let step = ReceiveStep(namespace: namespace, device: device, packet: packet, choice: RouteChoice())
        if sender.isMulticast || step.hasOwnSource { return .impossibleSender }
        if sender.isLoopback, namespace.settings.routesLoopback(device: device)?.isOn != true {
            return .impossibleSender
        }
        if let check = step.reversePath, !check.isPassed { return .reversePath(check) }
        return nil
    }

    private var ownARP: NeighbourReply {
        let choice = namespace.lookUpRoute(to: target, source: sender, mark: 0, inDevice: device)
        if choice.kind != .local { return .silent(.noLocalRule(choice)) }
        let holder = namespace.links.first { $0.addresses.contains { $0.address == target } }?.name ?? device
        if let setting = namespace.settings.arpIgnore(device: device), isIgnored(setting.number) {
            return .silent(.ignored(setting, holder: holder))
        }
        if let setting = namespace.settings.arpFilter(device: device), setting.isOn, let sender {
            let back = namespace.lookUpRoute(to: sender, source: target, mark: 0, inDevice: nil)
            if back.device != device { return .silent(.filtered(setting, back: back)) }
        }
        return .own
    }

    /// arp_ignore() and inet_confirm_addr().
    private func isIgnored(_ mode: Int) -> Bool {
        let addresses = namespace[device: device]?.addresses ?? []
        switch mode {
        case 1: return !addresses.contains { $0.address == target }
        case 2:
            guard let sender else { return !addresses.contains { $0.address == target } }
            return !addresses.contains { $0.address == target && $0.contains(sender) }
        case 8: return true
        default: return false
        }
    }

    /// arp_fwd_proxy(): the route must lead out by another device.
    private func proxyARP(_ proxy: Settings.Value?) -> NeighbourReply {
        guard let proxy else { return .unconcerned }
        let forwarding = namespace.settings.forwarding(device: device, .ipv4)
        if forwarding?.isOn != true { return .silent(.proxy(.notForwarding(forwarding), proxy)) }
        let choice = namespace.lookUpRoute(to: target, source: sender, mark: 0, inDevice: device)
        guard choice.kind == .unicast else { return .silent(.proxy(.noRoute(choice), proxy)) }
        return choice.device == device ? .unconcerned : .proxy
    }

    private func ownNDP(_ proxy: Settings.Value?) -> NeighbourReply {
        let link = namespace[device: device]
        if link?.addresses.contains(where: { $0.address == target }) == true { return .own }
        let holder = namespace.links.first { $0.addresses.contains { $0.address == target } }?.name ?? device
        if proxy?.isOn == true, case .proxy = proxyNDP(proxy) { return .proxy }
        return .silent(.otherDevice(holder))
    }

    private func proxyNDP(_ proxy: Settings.Value?) -> NeighbourReply {
        guard let proxy else { return .unconcerned }
        guard let entries = namespace.proxyNeighbors else { return .unconcerned }
        let forwarding = namespace.settings.forwarding(device: device, .ipv6)
        let hasEntry = entries.contains { $0.address == target && ($0.device == nil || $0.device == device) }
        if !hasEntry { return .silent(.proxy(.noEntry, proxy)) }
        return forwarding?.isOn == true ? .proxy : .silent(.proxy(.notForwarding(forwarding), proxy))
    }
}

extension Link {
    /// Whether ARP was switched off on a device that has it by its kind.
    var hasARPOff: Bool {
        let isOfEthernet = kind.isPair || kind.isMacvlan || [.bridge, .ethernet, .vlan, .bond].contains(kind)
        return isOfEthernet && flags?.contains(.noARP) == true
    }
}

extension NeighbourStep {
    /// The question for the next hop, as the namespace sends it.
    var question: PacketState {
        PacketState(asking: hop, as: asker ?? IPAddress(high: 0, low: 0), from: link.mac)
    }

    /// The sender's address of the ARP requests that are sent for the packet (`arp_solicit`); of IPv6, the link-local
    /// address (`ndisc_solicit`). Nil where none is known.
    var asker: IPAddress? {
        guard hop.isIPv4 else { return link.addresses.first { !$0.address.isIPv4 && $0.address.isLinkLocal }?.address }
        let mode = namespace.settings.arpAnnounce(device: link.name)?.number ?? 0
        let isOwn = namespace.holds(packet.source) && !packet.source.isUnspecified
        if mode == 0, isOwn { return packet.source }
        let own = link.addresses.filter(\.address.isIPv4)
        if mode == 1, isOwn, own.contains(where: { $0.contains(hop) && $0.contains(packet.source) }) {
            return packet.source
        }
        if let near = own.first(where: { $0.contains(hop) }) ?? own.first { return near.address }
        return namespace.links.lazy.flatMap(\.addresses).first { $0.address.isIPv4 && !$0.address.isLoopback }?.address
    }
}
