internal import Wire
public import Network

/// Where a rule is asked: the namespace and the devices that the packet comes in by and goes out by.
public struct RuleSite: Sendable {
    public var namespace: Namespace
    public var inDevice: String?
    public var outDevice: String?
    /// Ports of a bridge (br_netfilter).
    public var physicalInDevice: String?
    public var physicalOutDevice: String?

    public init(
        namespace: Namespace, inDevice: String? = nil, outDevice: String? = nil, physicalInDevice: String? = nil,
        physicalOutDevice: String? = nil
    ) {
        self.namespace = namespace
        self.inDevice = inDevice
        self.outDevice = outDevice
        self.physicalInDevice = physicalInDevice
        self.physicalOutDevice = physicalOutDevice
    }
}

extension RuleSite {
    /// Whether the packet came in by a bridge's port that IP rules are told of (br_netfilter): also where it is routed on
    /// from there. Unknown where the bridge is known and its port is not.
    func hasPhysicalInDevice(_ packet: PacketState) -> Truth {
        if physicalInDevice != nil {
            return Truth(namespace.settings.bridgeCallsChains(packet.source.family)?.isOn != false)
        }
        guard let inDevice, namespace[device: inDevice]?.kind == .bridge,
            namespace.settings.bridgeCallsChains(packet.source.family)?.isOn == true
        else { return .fails }
        return .unknown
    }
}
