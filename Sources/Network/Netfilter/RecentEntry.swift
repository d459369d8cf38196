public import Wire

/// An address in a list of xt_recent (iptables-extensions(8); `/proc/net/xt_recent/LIST`).
public struct RecentEntry: Sendable, Codable, Hashable {
    public var list: String
    public var address: IPAddress
    /// How long before the reading the address was noted, in seconds, in the order of the file.
    public var secondsAgo: [Double]

    public init(list: String, address: IPAddress, secondsAgo: [Double]) {
        self.list = list
        self.address = address
        self.secondsAgo = secondsAgo
    }

    enum CodingKeys: String, CodingKey {
        case list, address
        case secondsAgo = "seconds_ago"
    }
}
