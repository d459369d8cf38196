internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The reverse path check of IPv4 (`rp_filter`, RFC 3704) for a packet that was received.
struct ReversePath: Sendable {
    /// 1 strict, 2 loose: the higher of the device's and `all`'s.
    var mode: Int
    /// `all` or the device, whichever sets the mode.
    var setter: String
    /// The route back to the source.
    var back: RouteChoice
    var isPassed: Bool
    /// The bridge's port that has an address in the source's network, where that is why the check fails.
    var port: (address: IPPrefix, link: Link)?
}

extension ReceiveStep {
    private var isChecked: Bool {
        packet.source.isIPv4 && !packet.source.isUnspecified && namespace[device: device]?.kind != .loopback
    }

    /// Whether the packet claims to come from the namespace that received it.
    var hasOwnSource: Bool {
        guard isChecked, !packet.source.isLoopback, namespace.holds(packet.source) else { return false }
        return namespace.settings.acceptsLocal(device: device)?.isOn != true
    }

    private func filter(_ name: String) -> Int? {
        namespace.settings.value("rp_filter", of: name)?.number
    }

    /// Whether the setting was read, and turns the check off.
    var isReversePathOff: Bool {
        guard isChecked, !hasOwnSource, filter("all") != nil || filter(device) != nil else { return false }
        return max(filter("all") ?? 0, filter(device) ?? 0) <= 0
    }

    /// The check and its outcome (fib_validate_source); nil where it is off, or not made of this packet.
    var reversePath: ReversePath? {
        guard isChecked, !hasOwnSource else { return nil }
        let (all, own) = (filter("all") ?? 0, filter(device) ?? 0)
        let mode = max(all, own)
        guard mode > 0 else { return nil }
        // The mark counts only where src_valid_mark says so.
        let usesMark = namespace.settings.sourceCheckUsesMark(device: device)?.isOn == true
        let back = namespace.lookUpRoute(
            to: packet.source, source: packet.destination, mark: usesMark ? packet.mark : 0, inDevice: nil)
        let isMultipath = back.route?.nextHops.contains { $0.device == device } == true
        let isSame = back.kind == .unicast && back.device == device || isMultipath
        var check = ReversePath(
            mode: mode, setter: own >= all ? device : "all", back: back,
            isPassed: isSame || mode == 2 && back.kind != nil)
        if !check.isPassed, let port = back.device.flatMap({ namespace[device: $0] }), port.master == device,
            let prefix = port.addresses.first(where: { $0.contains(packet.source) })
        {
            check.port = (prefix, port)
        }
        return check
    }
}
