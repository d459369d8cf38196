internal import Network
package import Wire

/// A socket of the namespace that a rule gives a packet to, whatever its destination: TPROXY, nft's `tproxy`.
package struct TransparentProxy: Hashable, Sendable {
    /// Nil for the packet's own destination port.
    package var port: UInt16?
    /// Nil for the address of the device that the packet came in by.
    package var address: IPAddress?
    /// TPROXY sets the mark together with the socket.
    package var mark: UInt32?
    package var markMask: UInt32
    /// Whether a packet for which there is no socket is dropped (`tproxy_tg4`); with nft the rule ends there, and the
    /// next one is asked.
    package var dropsWithoutSocket: Bool

    package init(
        port: UInt16? = nil, address: IPAddress? = nil, mark: UInt32? = nil, markMask: UInt32 = .max,
        dropsWithoutSocket: Bool = false
    ) {
        self.port = port
        self.address = address
        self.mark = mark
        self.markMask = markMask
        self.dropsWithoutSocket = dropsWithoutSocket
    }

    /// Whether a socket is there for a packet; unknown where the sockets could not be read, and for what is no TCP or
    /// UDP. The socket must be one that may take foreign addresses (IP_TRANSPARENT), where that could be read.
    func hasSocket(for packet: PacketState, at site: RuleSite) -> Truth {
        let namespace = site.namespace
        guard packet.ipProtocol == .tcp || packet.ipProtocol == .udp,
            namespace.socketUse != nil || !namespace.listeners.isEmpty, let wanted = port ?? packet.destinationPort
        else { return .unknown }
        return Truth(
            namespace.listeners.contains { listener in
                guard listener.protocol == packet.ipProtocol.description, listener.port == wanted,
                    listener.isTransparent != false
                else { return false }
                if listener.address.isUnspecified {
                    return !listener.address.isIPv4 || packet.destination.isIPv4
                }
                guard let address, !address.isUnspecified else { return true }
                return listener.address == address
            })
    }
}
