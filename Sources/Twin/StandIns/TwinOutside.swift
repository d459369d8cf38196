public import Wire

/// What stands for all that is beyond one link of a twin, and answers.
public struct TwinOutside: Sendable, Hashable {
    /// Its namespace, for `ip netns`; the device towards the twin is `w0`.
    public var name: String
    /// The link that it is beyond, and that link's namespace by the snapshot's name.
    public var link: String
    public var namespace: String
    /// The host's own on that link: what it sends to other addresses goes by these.
    public var hostAddresses: [IPAddress]
    /// Routers beyond the link that the host's routes name.
    public var gateways: [IPAddress]

    public init(
        name: String, link: String, namespace: String, hostAddresses: [IPAddress], gateways: [IPAddress] = []
    ) {
        self.name = name
        self.link = link
        self.namespace = namespace
        self.hostAddresses = hostAddresses
        self.gateways = gateways
    }

    public static let device = "w0"
}
