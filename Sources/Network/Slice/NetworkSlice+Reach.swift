public import Wire

extension NetworkSlice {
    /// What is known of the packets of a slice while it is found: where they may be sent.
    public struct Reach: Sendable, Hashable {
        public internal(set) var traffic: Traffic
        /// Destinations: the packet's own, those of answers and errors, of packets around it, of translations.
        public private(set) var addresses: Set<IPAddress> = []
        private(set) var ranges: [ClosedRange<IPAddress>] = []

        public init(_ traffic: Traffic, addresses: [IPAddress] = []) {
            self.traffic = traffic
            for address in addresses { insert(address) }
        }

        /// How much is in it; it only grows.
        var size: Int {
            addresses.count + ranges.count + (traffic.destinationPorts?.count ?? 65_536)
                + (traffic.ipProtocol == nil ? 1 : 0)
        }

        public func contains(_ address: IPAddress) -> Bool {
            addresses.contains(address)
                || ranges.contains { $0.contains(address) && $0.lowerBound.family == address.family }
        }

        /// Whether a packet may be sent to an address of `prefix`.
        public func meets(_ prefix: IPPrefix) -> Bool {
            if prefix.length == prefix.address.bitWidth { return contains(prefix.address) }
            return addresses.contains { prefix.contains($0) }
                || ranges.contains {
                    prefix.contains($0.lowerBound) || prefix.contains($0.upperBound)
                        || $0.contains(prefix.network.address) && $0.lowerBound.family == prefix.address.family
                }
        }

        /// Whether a packet may be sent to an address of `range`.
        public func meets(_ range: ClosedRange<IPAddress>) -> Bool {
            let family = range.lowerBound.family
            if range.lowerBound == range.upperBound { return contains(range.lowerBound) }
            return addresses.contains { $0.family == family && range.contains($0) }
                || ranges.contains { $0.lowerBound.family == family && $0.overlaps(range) }
        }

        /// Loopback addresses are everyone's own: they lead nowhere else.
        mutating func insert(_ address: IPAddress) {
            if !address.isLoopback, !address.isUnspecified { addresses.insert(address) }
        }

        mutating func insert(_ translation: Translation) {
            if translation.addresses.lowerBound == translation.addresses.upperBound {
                insert(translation.addresses.lowerBound)
            } else if !ranges.contains(translation.addresses) {
                ranges.append(translation.addresses)
            }
            guard let ports = translation.ports, traffic.destinationPorts != nil else { return }
            // A range of ports is as good as any.
            if ports.count > 64 { traffic.destinationPorts = nil } else { traffic.destinationPorts?.formUnion(ports) }
        }
    }
}
