public import WalkModel

extension Walk {
    /// Whether the kernel sent the packet on its own account: ARP, IGMP, multicast listener reports (RFC 2710, RFC 3810)
    /// and neighbour discovery (RFC 4861). What a program tried to send is none of them, whatever it was.
    public var isHousekeeping: Bool {
        if witness.sendFailure != nil { return false }
        switch `protocol` {
        case "arp", "igmp": return true
        case "icmpv6": return witness.icmpType.map(Self.housekeepingTypes.contains) ?? false
        default: return false
        }
    }

    /// 130 to 132 and 143 are of multicast listeners, 133 to 137 of neighbour discovery.
    private static var housekeepingTypes: Set<UInt8> { [130, 131, 132, 133, 134, 135, 136, 137, 143] }
}

extension Exchange {
    /// The walks in it.
    public var walkCount: Int { reply == nil ? 1 : 2 }
}
