public import Wire

/// A socket that holds a local port without listening there: one that is connected, in TIME_WAIT, or bound to nothing else.
public struct ConnectedSocket: Sendable, Codable, Hashable {
    public var `protocol`: TransportProtocol
    public var localAddress: IPAddress
    public var localPort: UInt16
    public var remoteAddress: IPAddress
    /// 0 where it is bound and not connected.
    public var remotePort: UInt16

    public init(
        _ protocol: TransportProtocol, local: IPAddress, _ localPort: UInt16, remote: IPAddress, _ remotePort: UInt16
    ) {
        self.protocol = `protocol`
        localAddress = local
        self.localPort = localPort
        remoteAddress = remote
        self.remotePort = remotePort
    }

    enum CodingKeys: String, CodingKey {
        case `protocol`
        case localAddress = "local"
        case localPort = "local_port"
        case remoteAddress = "remote"
        case remotePort = "remote_port"
    }
}
