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
