public import Wire

extension Link {
    /// What an address has beside itself, where that is not what any address of its kind has (ip-address(8)).
    public struct AddressDetail: Sendable, Codable, Hashable {
        /// As in `Link.addresses`.
        public var address: IPPrefix
        /// The other end of a point-to-point address; the route leads to this prefix, not to that of `address`.
        public var peer: IPPrefix?
        /// Nil where it is the usual one: `host` for loopback, `link` for link-local of IPv6, else `global`.
        public var scope: RouteScope?
        /// Nil where it has none beside `permanent`.
        public var flags: [AddressFlag]?
        /// Nil where it is the device's name.
        public var label: String?
        /// Seconds until the address goes; nil for ever.
        public var validSeconds: UInt32?
        /// Seconds until it is deprecated; nil for ever.
        public var preferredSeconds: UInt32?

        public init(
            address: IPPrefix, peer: IPPrefix? = nil, scope: RouteScope? = nil, flags: [AddressFlag]? = nil,
            label: String? = nil, validSeconds: UInt32? = nil, preferredSeconds: UInt32? = nil
        ) {
            self.address = address
            self.peer = peer
            self.scope = scope
            self.flags = flags
            self.label = label
            self.validSeconds = validSeconds
            self.preferredSeconds = preferredSeconds
        }

        enum CodingKeys: String, TolerantKey {
            case address, peer, scope, flags, label
            case validSeconds = "valid_seconds"
            case preferredSeconds = "preferred_seconds"
        }

        /// Nothing is out of the ordinary.
        public var isOrdinary: Bool { self == AddressDetail(address: address) }
    }

    /// What is out of the ordinary about one of `addresses`; nil where nothing is, or nothing was read.
    public func detail(of address: IPAddress) -> AddressDetail? {
        addressDetails?.first { $0.address.address == address }
    }
}
