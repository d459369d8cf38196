public import Wire

/// A multicast group that a device of a namespace has joined (RFC 1112, RFC 4291): what is sent to it is taken there.
public struct GroupMembership: Sendable, Codable, Hashable {
    public var device: String
    public var group: IPAddress

    public init(device: String, group: IPAddress) {
        self.device = device
        self.group = group
    }
}
