/// What holds of a kind of finding in general, and decides how its candidates are weighed.
struct ObstacleTraits: OptionSet, Sendable {
    let rawValue: Int

    /// It stops ARP and neighbour discovery as well as the packet.
    static let stopsEveryFrame = Self(rawValue: 1 << 0)
    /// It ends the question for the next hop's address, or its answer, rather than the packet itself.
    static let stopsNeighbourDiscovery = Self(rawValue: 1 << 1)
    /// Its place is another namespace than the one in which the kernel drops the packet.
    static let isElsewhere = Self(rawValue: 1 << 2)
    /// The sender gets an error for it from the place where it stops.
    static let rejects = Self(rawValue: 1 << 3)
    /// It can stop a packet after the last point at which it is seen to come in.
    static let stopsAfterArrival = Self(rawValue: 1 << 4)
    /// A TCP connection meets it in silence or with a RST that is not seen.
    static let explainsSilence = Self(rawValue: 1 << 5)
    /// By its nature nothing comes back.
    static let isSilent = Self(rawValue: 1 << 6)
    /// The packet is dropped at its socket.
    static let dropsAtSocket = Self(rawValue: 1 << 7)
    /// It is of interest for a datagram to which no reply is owed.
    static let concernsDatagram = Self(rawValue: 1 << 8)
    /// It already says which rule accepted the packet before.
    static let namesAccept = Self(rawValue: 1 << 9)
    /// It says where the packet stopped rather than why: no drop reason makes it certain.
    static let isSymptom = Self(rawValue: 1 << 14)
    /// A translation before it may have sent the packet elsewhere: the path is one of several.
    static let isPastUnknown = Self(rawValue: 1 << 20)
    /// Its rule did not end the packet: what follows from it stops it later.
    static let followsRule = Self(rawValue: 1 << 15)
    /// A route is missing. Of a reply to a private address, a translation of the request may be what is missing.
    static let lacksRoute = Self(rawValue: 1 << 10)
    /// It stops the outer packet of a tunnel.
    static let isOfCarrier = Self(rawValue: 1 << 13)
    /// It stops the later fragments of a datagram, whose first one may be seen to have passed.
    static let isOfFragment = Self(rawValue: 1 << 12)
    /// It stops long packets only.
    static let dependsOnSize = Self(rawValue: 1 << 11)
}
